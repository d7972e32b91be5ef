"""Requests judged without being sent."""

from typing import Any

import pytest
from google.protobuf import struct_pb2

from services.kernel.errors import NotFound
from services.kernel.price import Price
from services.proxy.domain.chat_request import PROBLEMS_MAX
from services.proxy.domain.routing import RoutingTable
from services.proxy.rpc.convert_validation import from_validation, to_values
from services.proxy.usecases.validate_request import ValidateRequest, Validation
from tests.unit.proxy.fakes import PRICE, FakeRoutes, target

BODY: dict[str, Any] = {"model": "demo-chat", "max_tokens": 100, "messages": [{"content": "hi"}]}
DEAR = Price(version=1, input=200_000_000, output=800_000_000, cached_input=0)
# 17 input tokens at most and 100 output tokens, at $0.15 and $0.60, and at $0.20 and $0.80.
CHEAP_COST = 17 * 150 + 100 * 600
DEAR_COST = 17 * 200 + 100 * 800


def judge(body: dict[str, Any], provider: str = "") -> Validation:
    routes = (target("demo", price=PRICE), target("backup", price=DEAR))
    table = RoutingTable(1, {"demo-chat": routes}, frozenset({"demo", "backup", "idle"}))
    return ValidateRequest(FakeRoutes(table))(body, provider_id=provider)


def fields_and_codes(judgement: Validation) -> list[tuple[str, str]]:
    return [(each.field, each.code) for each in from_validation(judgement).problems]


def test_a_valid_request_names_its_targets_in_order_and_what_each_could_cost():
    judgement = judge(BODY)
    assert judgement.problems == ()
    assert [(each.target.provider_id, each.cost_limit) for each in judgement.targets] == [
        ("demo", CHEAP_COST),
        ("backup", DEAR_COST),
    ]
    assert (judgement.hold, judgement.estimated_input_tokens) == (DEAR_COST, 1)


def test_a_pinned_provider_is_the_only_target():
    judgement = judge(BODY, "demo")
    assert [each.target.provider_id for each in judgement.targets] == ["demo"]
    assert judgement.hold == CHEAP_COST


@pytest.mark.parametrize(
    ("model", "provider", "expected"),
    [
        ("nothing", "", [("model", "model_not_found")]),
        ("demo-chat", "nobody", [("provider", "provider_not_found")]),
        ("nothing", "nobody", [("provider", "provider_not_found"), ("model", "model_not_found")]),
        ("demo-chat", "idle", [("model", "model_not_found")]),
    ],
)
def test_what_nobody_offers_is_told(model: str, provider: str, expected: list[tuple[str, str]]):
    judgement = judge({**BODY, "model": model}, provider)
    assert fields_and_codes(judgement) == expected
    assert (judgement.targets, judgement.hold) == ((), None)
    assert judgement.estimated_input_tokens == 1


def test_a_wrong_body_and_an_unknown_model_are_told_together():
    judgement = judge({"model": "nothing", "messages": [], "n": 0}, "nobody")
    assert fields_and_codes(judgement) == [
        ("provider", "provider_not_found"),
        ("model", "model_not_found"),
        ("messages", "invalid_value"),
        ("n", "invalid_value"),
    ]
    assert (judgement.model, judgement.estimated_input_tokens) == ("nothing", 0)


@pytest.mark.parametrize("model", [None, 5, "", ["demo-chat"]])
def test_a_model_that_is_no_name_is_looked_for_nowhere(model: object):
    judgement = judge({**BODY, "model": model})
    assert fields_and_codes(judgement) == [("model", "invalid_value")]
    assert judgement.model == ""


def test_mistakes_without_end_do_not_hide_the_unknown_model():
    judgement = judge({"model": "nothing", "messages": ["x"] * 5000})
    assert len(judgement.problems) == PROBLEMS_MAX
    assert isinstance(judgement.problems[0], NotFound)


def test_a_struct_becomes_what_its_json_says():
    values: dict[str, Any] = {
        "whole": 5,
        "half": 0.5,
        "yes": True,
        "nothing": None,
        "text": "x",
        "list": [1, {"deep": [2.5, "y"]}],
    }
    struct = struct_pb2.Struct()
    struct.update(values)
    result = to_values(struct)
    assert result == values
    assert (type(result["whole"]), type(result["yes"])) == (int, bool)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf"), 1e300, 2.5])
def test_a_number_that_is_no_count_is_a_problem_and_no_failure(number: float):
    struct = struct_pb2.Struct()
    struct.update({**BODY, "max_tokens": number})
    assert fields_and_codes(judge(to_values(struct))) == [("max_tokens", "invalid_value")]
