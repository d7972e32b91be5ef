"""Where a page of a list by id begins, and what names the next one."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from services.chassis.page_token import cut, decode_token, encode_token

Row = TypeVar("Row")


def page_start(token: str) -> str:
    """Returns the id that a page comes after; empty for the first. Raises InvalidField."""
    position = decode_token(token, str)
    return str(position[0]) if position else ""


def split_page(
    rows: Sequence[Row], size: int, *, id_of: Callable[[Row], str]
) -> tuple[Sequence[Row], str]:
    """Splits rows fetched as `size + 1` into the page and the token of the next, empty if none."""
    page, has_more = cut(rows, size)
    return page, encode_token(id_of(page[-1])) if has_more else ""
