"""Turns `envoy/replies.yaml` into the edge's local replies, one for each dialect."""

import json
from typing import Any

import yaml

_TYPE = "type.googleapis.com/envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter"
_IS_OPENAI = "xds.route_name.startsWith('openai-')"
_IS_GRPC = "xds.route_name.startsWith('grpc-')"
# What auth and admission answer is in the caller's dialect already.
_IS_REFUSAL = "response.code_details == 'ext_authz_denied'"
# Some of these replies never meet the filter that puts it on all others.
_NOSNIFF = {
    "header": {"key": "x-content-type-options", "value": "nosniff"},
    "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
}


def local_replies(table: str) -> list[dict[str, Any]]:
    """Returns Envoy's mappers for the replies in the table; the first that fits wins."""
    mappers: list[dict[str, Any]] = [{"filter": _when(_IS_REFUSAL)}]
    for reply in yaml.safe_load(table):
        mappers.append(_mapper(reply, also=_IS_OPENAI, body=_openai(reply)))
        mappers.append(_mapper(reply, also=_IS_GRPC, body=_text(reply["message"])))
        mappers.append(_mapper(reply, also="true", body=_rest(reply)))
    return mappers


def _when(expression: str) -> dict[str, Any]:
    return {
        "extension_filter": {
            "name": "envoy.access_loggers.extension_filters.cel",
            "typed_config": {"@type": _TYPE, "expression": expression},
        }
    }


def _mapper(reply: dict[str, Any], *, also: str, body: dict[str, Any]) -> dict[str, Any]:
    mapper: dict[str, Any] = {
        "filter": _when(f"({reply['when']}) && {also}"),
        "body_format_override": body,
        "headers_to_add": [_NOSNIFF],
    }
    if "status" in reply:
        mapper["status_code"] = reply["status"]
    if "retry_after_seconds" in reply:
        header = {"key": "retry-after", "value": str(reply["retry_after_seconds"])}
        mapper["headers_to_add"] = [_NOSNIFF, {"header": header}]
    return mapper


def _openai(reply: dict[str, Any]) -> dict[str, Any]:
    error = {"message": reply["message"], "type": reply["type"], "param": None}
    return _json_text({"error": error | {"code": reply["code"]}})


def _rest(reply: dict[str, Any]) -> dict[str, Any]:
    if reply.get("explain"):
        # Only json_format escapes what it inserts.
        told = {"code": reply["grpc"], "message": "%LOCAL_REPLY_BODY%", "details": []}
        return {"json_format": told, "content_type": "application/json"}
    return _json_text({"code": reply["grpc"], "message": reply["message"], "details": []})


def _json_text(body: dict[str, Any]) -> dict[str, Any]:
    return _text(json.dumps(body)) | {"content_type": "application/json"}


def _text(text: str) -> dict[str, Any]:
    return {"text_format_source": {"inline_string": text.replace("%", "%%")}}
