"""What keeps a file readable, in numbers, and names that say something."""

import ast
import re
from collections.abc import Iterator

from tests.architecture.sources import HAND_WRITTEN, REPOSITORY, Source, python_files

FILE_LINES_MAX = 300
FUNCTION_LINES_MAX = 70
COLUMNS_MAX = 100
RPC_METHOD_LINES_MAX = 8
# Tells a tool why a rule does not hold here; it must stand on the line, however long that gets.
PRAGMA = re.compile(r"\s+# (noqa|type|pyright|pragma)\b.*$")
# Names of drawers where everything ends up.
DRAWERS = {"utils", "util", "helpers", "helper", "common", "misc", "base", "manager", "stuff"}
# A name of a second attempt, or of nothing in particular.
EMPTY_WORDS = re.compile(r"(^|_)(manager|helper|helpers|utils|misc|stuff|foo)(_|$)")
NUMBERED = re.compile(r"^(handler|service|client|server|manager|data|result|process|new)_?\d+$")

FILES = python_files(*HAND_WRITTEN)
Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(file: Source) -> Iterator[Function]:
    for node in ast.walk(file.tree):
        if isinstance(node, Function):
            yield node


def length(node: ast.AST) -> int:
    """Counts the lines of a definition, its decorators left out."""
    lines = node.end_lineno - node.lineno + 1  # type: ignore[attr-defined]
    return int(lines)


def names(file: Source) -> Iterator[str]:
    """Yields every name that a file gives to something."""
    for node in ast.walk(file.tree):
        if isinstance(node, Function | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def in_snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def test_there_are_files_to_judge():
    assert len(FILES) > 100


def test_no_file_is_long():
    long = {file.name: len(file.lines) for file in FILES if len(file.lines) > FILE_LINES_MAX}
    assert long == {}


def test_no_function_is_long():
    long = [
        f"{file.name}: {function.name} has {length(function)} lines"
        for file in FILES
        for function in functions(file)
        if length(function) > FUNCTION_LINES_MAX
    ]
    assert long == []


def test_no_line_is_wide():
    wide = [
        f"{file.name}:{number}"
        for file in FILES
        for number, line in enumerate(file.lines, 1)
        if len(PRAGMA.sub("", line)) > COLUMNS_MAX
    ]
    assert wide == []


def test_no_file_or_folder_is_a_drawer():
    drawers = [
        file.name for file in FILES if DRAWERS & {part.removesuffix(".py") for part in file.parts}
    ]
    assert drawers == []


def test_every_name_says_something():
    empty = [
        f"{file.name}: {name}"
        for file in python_files("services")
        for name in names(file)
        if EMPTY_WORDS.search(in_snake_case(name)) or NUMBERED.match(in_snake_case(name))
    ]
    assert empty == []


def test_every_file_of_the_services_says_what_it_is_for():
    silent = [file.name for file in python_files("services") if not ast.get_docstring(file.tree)]
    assert silent == []


def body_length(function: Function) -> int:
    """Counts the lines of a function after its docstring."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0  # type: ignore[operator]


def test_rpcs_only_convert():
    """A method of a servicer: convert, use case, convert. No try, no logging."""
    too_much: list[str] = []
    for file in python_files("services"):
        if file.parts[2:3] == ("local",) or "rpc" not in file.parts:
            continue
        for function in functions(file):
            if not function.name[0].isupper():
                continue
            catches = any(isinstance(node, ast.Try) for node in ast.walk(function))
            if catches or body_length(function) > RPC_METHOD_LINES_MAX:
                too_much.append(f"{file.name}: {function.name}")
    assert too_much == []


def test_nothing_generated_or_foreign_is_judged():
    assert not [file for file in FILES if file.path.is_relative_to(REPOSITORY / "gen")]
