"""Refusals as OpenAI's API words them, so that its SDKs raise the right exception."""

from dataclasses import dataclass

import orjson

from services.kernel import errors

# The SDK stops retrying when it is told to wait longer than this.
RETRY_AFTER_SECONDS_MAX = 120


@dataclass(frozen=True, slots=True)
class HttpRefusal:
    """An HTTP answer that refuses a request."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


# kind -> status, OpenAI's type and code, and whether trying again can help.
TABLE: dict[type[errors.DomainError], tuple[int, str, str, bool]] = {
    errors.InvalidField: (400, "invalid_request_error", "invalid_value", False),
    errors.InvalidCredential: (401, "invalid_request_error", "invalid_api_key", False),
    errors.InsufficientBalance: (402, "insufficient_quota", "insufficient_balance", False),
    errors.PermissionDenied: (403, "invalid_request_error", "permission_denied", False),
    errors.NotFound: (404, "invalid_request_error", "model_not_found", False),
    errors.RateLimited: (429, "rate_limit_error", "rate_limit_exceeded", True),
    errors.Conflict: (503, "api_error", "service_unavailable", True),
    errors.Unavailable: (503, "api_error", "service_unavailable", True),
}
FALLBACK = (500, "api_error", "internal_error", False)


def refusal_of(error: errors.DomainError) -> HttpRefusal:
    """Returns the HTTP answer for an error."""
    status, kind, _, retryable = TABLE.get(type(error), FALLBACK)
    body = {
        "error": {
            "message": message_of(error),
            "type": kind,
            "param": _param(error),
            "code": code_of(error),
            **_balance(error),
        }
    }
    headers = [
        ("content-type", "application/json"),
        ("x-should-retry", "true" if retryable else "false"),
    ]
    if error.retry_after_seconds is not None:
        seconds = min(max(1, round(error.retry_after_seconds)), RETRY_AFTER_SECONDS_MAX)
        headers.append(("retry-after", str(seconds)))
    return HttpRefusal(status, tuple(headers), orjson.dumps(body))


def message_of(error: errors.DomainError) -> str:
    """Returns what is wrong, in one sentence."""
    if isinstance(error, errors.InvalidCredential):
        return "Incorrect API key provided. Send a valid key as 'Authorization: Bearer <key>'."
    if isinstance(error, errors.NotFound) and error.metadata["resource"] == "model":
        model = error.metadata["id"]
        return f"The model '{model}' does not exist or you do not have access to it."
    return error.message


def code_of(error: errors.DomainError) -> str:
    """Returns the code of OpenAI's API for an error."""
    if isinstance(error, errors.NotFound):
        return f"{error.metadata['resource']}_not_found"
    if error.metadata.get("running_requests", "0") != "0":
        return "balance_held"
    return TABLE.get(type(error), FALLBACK)[2]


def _param(error: errors.DomainError) -> str | None:
    if isinstance(error, errors.InvalidField):
        return error.field
    return "model" if isinstance(error, errors.NotFound) else None


def _balance(error: errors.DomainError) -> dict[str, dict[str, str]]:
    is_about_money = isinstance(error, errors.InsufficientBalance)
    return {"metadata": error.metadata} if is_about_money and error.metadata else {}
