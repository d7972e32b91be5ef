"""Typed chat completions <-> OpenAI's JSON."""

from typing import Any

from aggregator.proxy.v1 import inference_service_pb2 as pb2

ROLES = {
    pb2.CHAT_ROLE_SYSTEM: "system",
    pb2.CHAT_ROLE_USER: "user",
    pb2.CHAT_ROLE_ASSISTANT: "assistant",
}
ROLES_BY_NAME = {name: role for role, name in ROLES.items()}


def to_body(chat: pb2.ChatCompletionInput, *, stream: bool) -> dict[str, Any]:
    """Returns the OpenAI request for a typed one."""
    body: dict[str, Any] = {
        "model": chat.model,
        "messages": [
            {"role": ROLES[message.role], "content": message.content} for message in chat.messages
        ],
    }
    for name in ("max_tokens", "temperature", "top_p", "seed"):
        if chat.HasField(name):
            body[name] = getattr(chat, name)
    if chat.stop:
        body["stop"] = list(chat.stop)
    if stream:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    return body


def to_completion(answer: dict[str, Any]) -> pb2.CreateChatCompletionResponse:
    """Returns the typed completion for OpenAI's."""
    choice = _first_choice(answer)
    message = choice.get("message") or {}
    role = ROLES_BY_NAME.get(message.get("role", ""), pb2.CHAT_ROLE_ASSISTANT)
    return pb2.CreateChatCompletionResponse(
        id=str(answer.get("id") or ""),
        model=str(answer.get("model") or ""),
        message=pb2.ChatMessage(role=role, content=str(message.get("content") or "")),
        finish_reason=str(choice.get("finish_reason") or ""),
        usage=_to_usage(answer.get("usage")),
    )


def to_piece(event: dict[str, Any]) -> pb2.StreamChatCompletionResponse:
    """Returns the typed piece for an event of OpenAI's stream."""
    choice = _first_choice(event)
    delta = choice.get("delta") or {}
    return pb2.StreamChatCompletionResponse(
        id=str(event.get("id") or ""),
        model=str(event.get("model") or ""),
        delta=str(delta.get("content") or ""),
        finish_reason=str(choice.get("finish_reason") or ""),
        usage=_to_usage(event.get("usage")),
    )


def _first_choice(answer: dict[str, Any]) -> dict[str, Any]:
    choices = answer.get("choices")
    return choices[0] if isinstance(choices, list) and choices else {}


def _to_usage(usage: Any) -> pb2.ChatUsage | None:
    if not isinstance(usage, dict):
        return None
    return pb2.ChatUsage(
        prompt_tokens=usage.get("prompt_tokens", 0),
        completion_tokens=usage.get("completion_tokens", 0),
        total_tokens=usage.get("total_tokens", 0),
    )
