"""Requests to be judged, and judgements, as messages."""

from typing import Any

from aggregator.proxy.v1 import validation_service_pb2 as pb2
from google.protobuf import struct_pb2

from services.chassis.money import to_money
from services.kernel.errors import InvalidField, NotFound
from services.proxy.rpc.openai_errors import code_of, message_of
from services.proxy.usecases.validate_request import Validation


def to_values(struct: struct_pb2.Struct) -> dict[str, Any]:
    """Returns a Struct as the values that its JSON would be decoded to."""
    return {name: _to_value(value) for name, value in struct.fields.items()}


def from_validation(validation: Validation) -> pb2.ValidateRequestResponse:
    """Returns the message for a judgement."""
    targets = [
        pb2.ValidatedTarget(
            provider_id=each.target.provider_id,
            upstream_model=each.target.upstream_model,
            max_cost=to_money(each.cost_limit),
        )
        for each in validation.targets
    ]
    return pb2.ValidateRequestResponse(
        valid=not validation.problems,
        problems=[_from_problem(problem) for problem in validation.problems],
        model=validation.model,
        targets=targets,
        max_cost=None if validation.hold is None else to_money(validation.hold),
        estimated_input_tokens=validation.estimated_input_tokens,
    )


def _to_value(value: struct_pb2.Value) -> Any:
    match value.WhichOneof("kind"):
        case "struct_value":
            return to_values(value.struct_value)
        case "list_value":
            return [_to_value(item) for item in value.list_value.values]
        case "string_value":
            return value.string_value
        case "bool_value":
            return value.bool_value
        case "number_value":
            # A Struct has doubles only; admission tells whole numbers from others.
            number = value.number_value
            return int(number) if number.is_integer() else number
        case _:
            return None


def _from_problem(problem: InvalidField | NotFound) -> pb2.Problem:
    is_field = isinstance(problem, InvalidField)
    field = problem.field if is_field else problem.metadata["resource"]
    return pb2.Problem(field=field, code=code_of(problem), message=message_of(problem))
