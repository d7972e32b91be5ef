"""Checks requests against the `buf.validate` rules of their protos."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import grpc
from google.rpc import code_pb2
from protovalidate import Validator

from services.chassis.interceptors.pipeline import Call
from services.chassis.status import FieldViolation, status_of, trailing_metadata
from services.kernel.errors import InvalidField


class Validation:
    """Refuses a request that breaks a rule, naming every field that does."""

    def __init__(self) -> None:
        self._validator = Validator()

    @asynccontextmanager
    async def around(self, call: Call) -> AsyncGenerator[None]:
        """Runs the call if its request is valid."""
        if call.request is not None and call.request.DESCRIPTOR.full_name.startswith("aggregator."):
            violations = [
                FieldViolation(field=_path(found.proto), description=found.proto.message)
                for found in self._validator.collect_violations(call.request)
            ]
            if violations:
                await _refuse(call, violations)
        yield


async def _refuse(call: Call, violations: list[FieldViolation]) -> None:
    first = violations[0]
    error = InvalidField(first.field, f"{first.field}: {first.description}")
    status = status_of(error, violations=violations)
    assert status.code == code_pb2.INVALID_ARGUMENT  # noqa: S101 - pairs with the table
    await call.context.abort(
        grpc.StatusCode.INVALID_ARGUMENT, status.message, trailing_metadata(status)
    )


def _path(violation: Any) -> str:
    path = ""
    for element in violation.field.elements if violation.field else ():
        path += ("." if path else "") + element.field_name
        subscript = element.subscript
        if subscript is not None:
            path += f"[{subscript.value}]"
    return path
