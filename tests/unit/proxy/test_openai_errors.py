"""Refusals in OpenAI's words."""

import json

import pytest

from services.kernel import errors
from services.proxy.rpc.openai_errors import refusal_of


@pytest.mark.parametrize(
    ("error", "status", "code", "retry"),
    [
        (errors.InvalidField("messages", "no"), 400, "invalid_value", "false"),
        (errors.InvalidCredential(), 401, "invalid_api_key", "false"),
        (errors.InsufficientBalance("no"), 402, "insufficient_balance", "false"),
        (errors.PermissionDenied("no"), 403, "permission_denied", "false"),
        (errors.NotFound("model", "x"), 404, "model_not_found", "false"),
        (errors.NotFound("provider", "x"), 404, "provider_not_found", "false"),
        (errors.RateLimited("no"), 429, "rate_limit_exceeded", "true"),
        (errors.Conflict("no"), 503, "service_unavailable", "true"),
        (errors.Unavailable("billing"), 503, "service_unavailable", "true"),
        (errors.DomainError("no"), 500, "internal_error", "false"),
    ],
)
def test_each_kind_has_its_status(error: errors.DomainError, status: int, code: str, retry: str):
    refusal = refusal_of(error)
    assert refusal.status == status
    assert json.loads(refusal.body)["error"]["code"] == code
    assert dict(refusal.headers)["x-should-retry"] == retry


def test_a_balance_that_is_held_differs_from_an_empty_one():
    held = errors.InsufficientBalance("held", metadata={"running_requests": "3"})
    error = json.loads(refusal_of(held).body)["error"]
    assert error["code"] == "balance_held"
    assert error["metadata"] == {"running_requests": "3"}


def test_no_sdk_is_told_to_wait_longer_than_it_would():
    late = errors.RateLimited("no", retry_after_seconds=4000)
    assert dict(refusal_of(late).headers)["retry-after"] == "120"


def test_the_message_of_a_wrong_key_says_nothing_about_it():
    assert b"agg_" not in refusal_of(errors.InvalidCredential("agg_secret")).body
