"""Edits change what they should and not a byte besides."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.errors import InvalidField
from services.proxy.domain.body_edits import edits_for, find_spans
from services.proxy.domain.chat_request import parse_chat_request

EDIT = re.compile(rb"(\d+):(\d+):(\d+):")


def apply(raw: bytes, edits: str) -> bytes:
    """Applies edits as the edge's Lua does."""
    encoded, result, copied = edits.encode(), b"", 0
    while encoded:
        header = EDIT.match(encoded)
        assert header
        start, end, length = (int(number) for number in header.groups())
        text = encoded[header.end() : header.end() + length]
        result += raw[copied:start] + text
        copied, encoded = end, encoded[header.end() + length :]
    return result + raw[copied:]


def edited(raw: bytes, upstream: str = "real-model") -> dict[str, Any]:
    request = parse_chat_request(json.loads(raw))
    return json.loads(apply(raw, edits_for(find_spans(raw, request), request, upstream)))


def test_only_the_model_changes_and_big_numbers_stay_as_they_were():
    raw = b'{"messages":[{"role":"user","content":"hi"}], "model" : "a","seed":1234567890123456789}'
    request = parse_chat_request(json.loads(raw))
    result = apply(raw, edits_for(find_spans(raw, request), request, "b"))
    assert result == raw.replace(b'"model" : "a"', b'"model" : "b"')


def test_nothing_changes_when_the_provider_calls_the_model_the_same():
    raw = b'{"model":"a","messages":[{}]}'
    request = parse_chat_request(json.loads(raw))
    assert edits_for(find_spans(raw, request), request, "a") == ""


@pytest.mark.parametrize(
    "options", [None, "null", "{}", '{"include_usage":false}', '{"x":[{"y":"}"}]}']
)
def test_a_stream_asks_for_usage(options: str | None):
    members = f',"stream_options": {options}' if options else ""
    raw = f'{{"model":"a","messages":[{{}}],"stream":true{members},"z":1}}'.encode()
    result = edited(raw)
    assert result["stream_options"]["include_usage"] is True
    assert result["z"] == 1
    assert result["model"] == "real-model"


def test_a_stream_that_asks_for_usage_itself_is_left_alone():
    raw = b'{"model":"a","messages":[{}],"stream":true,"stream_options":{"include_usage":true}}'
    request = parse_chat_request(json.loads(raw))
    assert not request.hides_usage
    assert edits_for(find_spans(raw, request), request, "a") == ""


@pytest.mark.parametrize(
    "raw",
    [
        rb'{"mod\u0065l":"a","messages":[{"model":"decoy"}]}',
        rb'{"messages":[{"model":"decoy"}],"mod\u0065l":"a"}',
        rb'{"messages":[{"content":"model"}],"model":"a","x":{"model":{"model":1}}}',
        rb'{"x":"\"model\":\"decoy\"","model":"a","messages":[{}]}',
    ],
)
def test_decoys_do_not_deceive(raw: bytes):
    before = json.loads(raw)
    assert edited(raw) == {**before, "model": "real-model"}


@pytest.mark.parametrize("name", ["model", "stream", "max_tokens", "messages", "n"])
def test_a_decisive_member_may_not_come_twice(name: str):
    members = {"model": '"a"', "stream": "false", "max_tokens": "5", "messages": "[{}]", "n": "1"}
    doubled = ",".join(
        f'"{key}":{value}' for key, value in [*members.items(), (name, members[name])]
    )
    raw = f"{{{doubled}}}".encode()
    request = parse_chat_request(json.loads(raw))
    with pytest.raises(InvalidField) as refused:
        find_spans(raw, request)
    assert refused.value.field == name


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["model", "stream_options", "a", 'q"', "é"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)


@given(
    extra=st.dictionaries(
        st.text(max_size=6).filter(lambda k: k not in {"n", "tools", "functions"}), JSON
    ),
    order=st.randoms(),
    ascii_only=st.booleans(),
    stream=st.booleans(),
)
def test_any_body_differs_only_in_what_was_edited(
    extra: dict[str, Any], order: Any, ascii_only: bool, stream: bool
):
    body = {
        **{k: v for k, v in extra.items() if not k.startswith(("max_", "stream"))},
        "model": "public name é",
        "messages": [{"role": "user", "content": extra}],
        "stream": stream,
    }
    items = list(body.items())
    order.shuffle(items)
    raw = json.dumps(dict(items), ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    expected = {**body, "model": "real-model"}
    if stream:
        expected["stream_options"] = {"include_usage": True}
    assert edited(raw) == expected
