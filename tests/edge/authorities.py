"""Doubles of admission and of auth's check, answering as a test says."""

import json
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from envoy.service.auth.v3 import external_auth_pb2_grpc

from .xds import CheckResponse

Verdict = Callable[[Any], Any]

MESH_SECRET = "mesh-secret-of-the-test"


class Authority(external_auth_pb2_grpc.AuthorizationServicer):
    """Answers checks with `verdict` and keeps what it was asked."""

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict
        self.asked: list[Any] = []
        self.metadata: list[dict[str, str]] = []

    async def Check(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Implements the rpc."""
        self.asked.append(request)
        self.metadata.append({key: str(value) for key, value in context.invocation_metadata()})
        return self.verdict(request)


def admits(
    *targets: str,
    paths: Mapping[str, str] | None = None,
    edits: Mapping[str, str] | None = None,
    hide_usage: bool = False,
    record: str = "{}",
    drop: str = "",
    request_id: str | None = None,
) -> Verdict:
    """Sends the request to the targets in their order, as admission's contract with Envoy says."""

    def verdict(_: Any) -> Any:
        billing_id = request_id or str(uuid.uuid4())
        metadata: dict[str, Any] = {"request": billing_id, "record": record}
        if hide_usage:
            metadata["hide_usage"] = "1"
        for target in targets:
            metadata[f"path:{target}"] = (paths or {}).get(target, "/v1/chat/completions")
            metadata[f"edits:{target}"] = (edits or {}).get(target, "")
        metadata.pop(drop, None)
        metadata["priority_groups"] = [
            {"name": target, "clusters": [{"cluster_name": target, "weight": 1}]}
            for target in targets
        ]
        response = CheckResponse()
        response.dynamic_metadata.update(metadata)
        _set(response.ok_response.headers, "x-aggregator-request", billing_id)
        _set(response.ok_response.headers, "x-envoy-max-retries", str(len(targets) - 1))
        return response

    return verdict


def refuses(status: int, body: object) -> Verdict:
    """Refuses with a body of its own."""

    def verdict(_: Any) -> Any:
        response = CheckResponse()
        response.status.code = 7
        response.denied_response.status.code = status
        response.denied_response.body = json.dumps(body)
        _set(response.denied_response.headers, "content-type", "application/json")
        return response

    return verdict


def identifies(identity: str) -> Verdict:
    """Lets pass, with an identity for the service."""

    def verdict(_: Any) -> Any:
        response = CheckResponse()
        _set(response.ok_response.headers, "x-aggregator-identity", identity)
        return response

    return verdict


def _set(headers: Any, key: str, value: str) -> None:
    option = headers.add()
    option.header.key = key
    option.header.value = value
    option.append_action = option.OVERWRITE_IF_EXISTS_OR_ADD


def edit(start: int, end: int, text: str) -> str:
    """Encodes one byte edit."""
    return f"{start}:{end}:{len(text.encode())}:{text}"
