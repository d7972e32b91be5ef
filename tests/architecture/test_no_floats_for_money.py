"""Amounts are whole nano-dollars. Where money is reckoned with, there is no float at all."""

import ast

import pytest

from tests.architecture.sources import REPOSITORY, Source, python_files

# Types of Python and SQLAlchemy that round, or that hand out Decimals which then do.
INEXACT = {
    *("float", "Float", "FLOAT", "Double", "DOUBLE", "DOUBLE_PRECISION", "REAL", "Numeric"),
    *("NUMERIC", "DECIMAL", "Decimal", "double"),
}
INEXACT_SQL = (" real", " double", " float", " numeric", " decimal", " money")
# Names of things that are measured in seconds may be floats.
UNITS_OF_TIME = ("_seconds", "_ms")
FILES = [
    *python_files("services/billing/domain", "services/billing/adapters"),
    *(Source(REPOSITORY / "services" / "kernel" / name) for name in ("money.py", "price.py")),
]


def inexact(tree: ast.AST) -> list[int]:
    """Returns the lines that name an inexact type, write a float or divide with `/`."""
    excused = set(_excused(tree))
    return sorted(
        node.lineno  # type: ignore[attr-defined]
        for node in ast.walk(tree)
        if node not in excused and _is_inexact(node)
    )


def _is_inexact(node: ast.AST) -> bool:
    if isinstance(node, ast.Name):
        return node.id in INEXACT
    if isinstance(node, ast.Attribute):
        return node.attr in INEXACT
    if isinstance(node, ast.Constant):
        return isinstance(node.value, float)
    if isinstance(node, ast.BinOp | ast.AugAssign):
        return isinstance(node.op, ast.Div)
    return False


def _excused(tree: ast.AST) -> list[ast.AST]:
    """Returns the nodes that give a time its type or value."""
    found: list[ast.AST] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.AnnAssign):
            name, parts = ast.unparse(node.target), [node.annotation, node.value]
        elif isinstance(node, ast.Assign):
            name, parts = ast.unparse(node.targets[0]), [node.value]
        elif isinstance(node, ast.arg):
            name, parts = node.arg, [node.annotation]
        elif isinstance(node, ast.keyword):
            name, parts = node.arg or "", [node.value]
        else:
            continue
        if name.lower().endswith(UNITS_OF_TIME):
            found += [below for part in parts if part for below in ast.walk(part)]
    return found


def test_there_is_money_to_look_at():
    assert len(FILES) > 5


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_money_is_never_a_float(file: Source):
    assert inexact(file.tree) == []


@pytest.mark.parametrize(
    "code",
    ["x: float = y", "x = 1.5", "x = a / b", "x /= b", "Column(Numeric(20, 9))", "sa.Float()"],
)
def test_the_rule_sees_what_rounds(code: str):
    assert inexact(ast.parse(code)) == [1]


@pytest.mark.parametrize("code", ["x = a // b", "x: int = 1", "wait_seconds: float = 0.5"])
def test_the_rule_lets_whole_numbers_and_times_pass(code: str):
    assert inexact(ast.parse(code)) == []


def test_billings_tables_hold_no_inexact_column():
    for file in python_files("services/billing/migrations"):
        for node in ast.walk(file.tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                lower = node.value.lower()
                assert not [word for word in INEXACT_SQL if word in lower and "create" in lower]
