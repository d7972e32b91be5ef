"""What keeps strangers at bay: the pages and the addresses that the edge listens to."""

import ipaddress
import re
from collections.abc import Sequence
from typing import Any

_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?|https?://\[[0-9a-f:]+\](:[0-9]{1,5})?")
ANY_ORIGIN = "*"
# An address that no client has, because Envoy wants at least one.
_NOBODY = "255.255.255.255"
_SKIP = {
    "name": "skip",
    "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.filters.common.matcher.action.v3.SkipFilter"
    },
}

# What pages may send: our own headers, and those that the official OpenAI SDK sends by itself.
_SENT = (
    "authorization",
    "content-type",
    "x-api-key",
    "idempotency-key",
    "openai-organization",
    "openai-project",
    "user-agent",
    "x-stainless-arch",
    "x-stainless-async",
    "x-stainless-custom-event-handler",
    "x-stainless-custom-poll-interval",
    "x-stainless-helper-method",
    "x-stainless-lang",
    "x-stainless-os",
    "x-stainless-package-version",
    "x-stainless-poll-helper",
    "x-stainless-raw-response",
    "x-stainless-read-timeout",
    "x-stainless-retry-count",
    "x-stainless-runtime",
    "x-stainless-runtime-version",
    "x-stainless-stream-helper",
    "x-stainless-timeout",
)
_READ = (
    "x-request-id",
    "retry-after",
    "x-ratelimit-limit-requests",
    "x-ratelimit-limit-tokens",
    "x-ratelimit-remaining-requests",
    "x-ratelimit-remaining-tokens",
    "x-ratelimit-reset-requests",
    "x-ratelimit-reset-tokens",
)
ALLOW_HEADERS = ", ".join(_SENT)
EXPOSE_HEADERS = ", ".join(_READ)

# Where passwords and refresh tokens can be guessed, as REST and as gRPC. Services take a path with
# a slash at its end too.
LOGIN_PATHS = (
    r"(/auth/(login|register|refresh|password)"
    r"|/aggregator\.auth\.v1\.IdentityService/(Login|Register|RefreshToken|ChangePassword))"
    r"/?(\?.*)?"
)


def listed(text: str) -> tuple[str, ...]:
    """Splits a list with commas; nothing is an empty list."""
    return tuple(each for part in text.split(",") if (each := part.strip()))


def origin_matchers(origins: Sequence[str]) -> list[dict[str, Any]]:
    """Returns Envoy's matchers of exact origins, or raises ValueError about one that isn't."""
    for origin in origins:
        if origin != ANY_ORIGIN and not _ORIGIN.fullmatch(origin):
            raise ValueError(f"The origin {origin!r} is not scheme://host, with a port or without.")
    return [{"exact": origin} for origin in origins]


def skipped(addresses: Sequence[str]) -> dict[str, Any]:
    """Returns Envoy's map from addresses to skipping a filter, or raises ValueError."""
    canonical = [str(ipaddress.ip_address(each)) for each in addresses]
    return {each: {"action": _SKIP} for each in canonical or [_NOBODY]}
