"""Selects the rows of a window in a table of rollups."""

from sqlalchemy import ColumnElement, Table, and_, false, or_

from services.analytics.domain.window import Window


def in_window(table: Table, *, user_id: str, window: Window) -> ColumnElement[bool]:
    """Returns the condition: one range of the primary key for each piece of the window."""
    column = table.c
    pieces = (
        and_(
            column.user_id == user_id,
            column.span == piece.span.value,
            column.start >= piece.start,
            column.start < piece.end,
        )
        for piece in window.pieces()
    )
    return or_(false(), *pieces)
