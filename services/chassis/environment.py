"""Reads a settings dataclass from environment variables, and tells every mistake at once."""

import os
import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any, TypeVar

PREFIX = "AGG_"

Settings = TypeVar("Settings")


class SettingsError(Exception):
    """The environment does not describe the settings; the message lists every problem."""


def read_settings(kind: type[Settings], environment: Mapping[str, str] = os.environ) -> Settings:
    """Builds `kind` from variables named `AGG_<FIELD>`.

    Fields may be of type str, int, float, bool, Path, or one of them or None. An empty variable
    counts as absent. Raises SettingsError.
    """
    hints = typing.get_type_hints(kind)
    values: dict[str, Any] = {}
    problems: list[str] = []
    for field in fields(kind):  # type: ignore[arg-type]
        name = PREFIX + field.name.upper()
        text = environment.get(name, "")
        if text:
            try:
                values[field.name] = _convert(text, hints[field.name])
            except ValueError:
                problems.append(f"{name} is not a valid {_type_name(hints[field.name])}")
        elif _is_required(field):
            problems.append(f"{name} is not set")
    if problems:
        raise SettingsError("; ".join(problems))
    return kind(**values)


def _is_required(field: "Field[Any]") -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _inner(hint: Any) -> Any:
    if isinstance(hint, types.UnionType):
        return next(kind for kind in typing.get_args(hint) if kind is not types.NoneType)
    return hint


def _type_name(hint: Any) -> str:
    return str(_inner(hint).__name__)


def _convert(text: str, hint: Any) -> Any:
    kind = _inner(hint)
    if kind is bool:
        if text.lower() not in {"true", "false"}:
            raise ValueError(text)
        return text.lower() == "true"
    if kind is Path:
        return Path(text)
    return kind(text)
