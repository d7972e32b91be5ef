"""What admission reads from a body, and what it refuses."""

from typing import Any

import pytest

from services.kernel.errors import InvalidField
from services.proxy.domain.chat_request import PROBLEMS_MAX, find_problems, parse_chat_request

GOOD: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "hello"}]}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"model": None}, "model"),
        ({"model": ""}, "model"),
        ({"model": 7}, "model"),
        ({"messages": None}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": "hello"}, "messages"),
        ({"messages": ["hello"]}, "messages[0]"),
        ({"stream": "yes"}, "stream"),
        ({"stream": 1}, "stream"),
        ({"stream_options": []}, "stream_options"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": True}, "max_tokens"),
        ({"max_completion_tokens": -1}, "max_completion_tokens"),
        ({"max_tokens": 10**30}, "max_tokens"),
        ({"n": 0}, "n"),
        ({"n": 129}, "n"),
    ],
)
def test_a_bad_member_is_named(changes: dict[str, Any], field: str):
    with pytest.raises(InvalidField) as refused:
        parse_chat_request({**GOOD, **changes})
    assert refused.value.field == field
    [found] = find_problems({**GOOD, **changes})
    assert (found.field, found.message) == (field, refused.value.message)


def test_a_good_body_has_no_problems():
    assert find_problems(GOOD) == ()


def test_all_problems_are_found_at_once():
    body = {
        "messages": ["a", {"content": "b"}, 3],
        "stream": "yes",
        "stream_options": [],
        "max_completion_tokens": 0,
        "max_tokens": 1.5,
        "n": 129,
    }
    assert [problem.field for problem in find_problems(body)] == [
        "model",
        "stream",
        "messages[0]",
        "messages[2]",
        "stream_options",
        "max_completion_tokens",
        "max_tokens",
        "n",
    ]


def test_problems_are_bounded():
    assert len(find_problems({**GOOD, "messages": ["x"] * 5000})) == PROBLEMS_MAX


@pytest.mark.parametrize("body", [None, [], "text", 5])
def test_a_body_is_an_object(body: object):
    with pytest.raises(InvalidField):
        parse_chat_request(body)
    assert [problem.field for problem in find_problems(body)] == ["body"]


def test_input_is_estimated_from_bytes_of_text():
    content = [{"type": "text", "text": "é" * 10}, {"type": "image_url", "image_url": {"url": "x"}}]
    request = parse_chat_request({**GOOD, "messages": [{"content": content}, {"content": "abcd"}]})
    assert request.estimated_input_tokens == 6
    assert request.max_input_tokens == 12 + 2 * 16 + 2500


def test_the_larger_output_limit_counts_for_each_choice():
    request = parse_chat_request({**GOOD, "max_tokens": 5, "max_completion_tokens": 9, "n": 3})
    assert request.output_limit(4096) == 27
    assert parse_chat_request(GOOD).output_limit(4096) == 4096
