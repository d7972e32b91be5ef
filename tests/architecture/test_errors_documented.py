"""Every error that a rule raises is documented in the contract and becomes a status."""

import ast
from collections.abc import Iterator

import pytest
from aggregator.errors.v1.error_reason_pb2 import ErrorReason

from services.chassis.status import CODES
from services.kernel import errors
from tests.architecture.sources import REPOSITORY, SERVICES, python_files

PREFIX = "ERROR_REASON_"
# Raised where nobody foresaw a failure; it stands for no rule.
UNFORESEEN = errors.DomainError


def kinds_below(kind: type[errors.DomainError]) -> Iterator[type[errors.DomainError]]:
    for below in kind.__subclasses__():
        yield below
        yield from kinds_below(below)


KINDS = sorted(
    (kind for kind in kinds_below(errors.DomainError) if kind.__module__ == errors.__name__),
    key=lambda kind: kind.__name__,
)


def documented() -> set[str]:
    return {name.removeprefix(PREFIX) for name in ErrorReason.keys()} - {"UNSPECIFIED"}  # noqa: SIM118 - an enum, not a dict


@pytest.mark.parametrize("kind", [*KINDS, UNFORESEEN])
def test_its_reason_is_documented(kind: type[errors.DomainError]):
    assert kind.reason in documented()
    assert not kind.reason.startswith(PREFIX)


@pytest.mark.parametrize("kind", KINDS)
def test_it_has_a_reason_of_its_own(kind: type[errors.DomainError]):
    assert "reason" in vars(kind)
    assert [other for other in KINDS if other.reason == kind.reason] == [kind]


def test_every_documented_reason_is_raised_by_a_kind():
    assert {kind.reason for kind in [*KINDS, UNFORESEEN]} == documented()


def test_every_kind_has_a_code_and_every_code_a_kind():
    assert set(CODES) == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_its_code_is_the_one_that_the_contract_names(kind: type[errors.DomainError]):
    text = (REPOSITORY / "proto/aggregator/errors/v1/error_reason.proto").read_text("utf-8")
    comment = text.split(f"{PREFIX}{kind.reason} =")[0].rsplit(";", 1)[-1]
    by_status = "Code by status." in comment
    assert by_status or f"Code {CODES[kind].name}." in comment


def test_the_kernel_draws_every_kind_in_its_tree():
    assert errors.__doc__
    for kind in KINDS:
        assert f"─ {kind.__name__} " in errors.__doc__


def test_services_raise_the_kernels_kinds_and_invent_none():
    """A kind of a service's own would reach clients as INTERNAL: the table doesn't know it."""
    names = {kind.__name__ for kind in [*KINDS, UNFORESEEN]}
    invented = [
        f"{file.name}: {node.name}"
        for service in SERVICES
        for file in python_files(f"services/{service}")
        for node in ast.walk(file.tree)
        if isinstance(node, ast.ClassDef)
        and names & {ast.unparse(parent).rsplit(".", 1)[-1] for parent in node.bases}
    ]
    assert invented == []
