"""Judges a request as admission would, without admitting it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from services.kernel.errors import InvalidField, NotFound
from services.proxy.domain.chat_request import PROBLEMS_MAX, find_problems, parse_chat_request
from services.proxy.domain.conclusion import cost_limit, hold_amount
from services.proxy.domain.routing import RoutingTable, Target
from services.proxy.usecases.ports import Routes


@dataclass(frozen=True, slots=True)
class ValidatedTarget:
    """A provider that a request would go to, and the most that it can cost there."""

    target: Target
    cost_limit: int


@dataclass(frozen=True, slots=True)
class Validation:
    """What is wrong with a request; where it would go if nothing is."""

    # As admission would refuse the request for each.
    problems: tuple[InvalidField | NotFound, ...]
    # Empty when the body names none.
    model: str
    # First choice first; empty when there are problems.
    targets: tuple[ValidatedTarget, ...] = ()
    # What admission would hold; None when there are problems.
    hold: int | None = None
    # 0 when the body is wrong.
    estimated_input_tokens: int = 0


@dataclass(frozen=True, slots=True)
class ValidateRequest:
    """Says whether a request is valid, where it would go, and what it can cost.

    Nobody is asked, nothing is held, nothing is written.
    """

    routes: Routes

    def __call__(self, body: dict[str, Any], *, provider_id: str) -> Validation:
        """Returns everything that can be told at once; raises nothing for a wrong body."""
        table = self.routes.table
        named = body.get("model")
        model = named if isinstance(named, str) else ""
        wrong = find_problems(body)
        problems = (*_unroutable(table, model, provider_id=provider_id), *wrong)[:PROBLEMS_MAX]
        if wrong:
            return Validation(problems, model)
        request = parse_chat_request(body)
        estimate = request.estimated_input_tokens
        if problems:
            return Validation(problems, model, estimated_input_tokens=estimate)
        targets = table.targets(model, provider_id=provider_id)
        limits = tuple(ValidatedTarget(each, cost_limit(each, request)) for each in targets)
        return Validation((), model, limits, hold_amount(targets, request), estimate)


def _unroutable(table: RoutingTable, model: str, *, provider_id: str) -> Iterator[NotFound]:
    """Yields a problem for the provider, and one for the model, if there is none of that name."""
    pinned = provider_id
    if pinned and pinned not in table.provider_ids:
        yield NotFound("provider", pinned)
        # Whether anybody offers the model can be told all the same.
        pinned = ""
    if model:
        try:
            table.targets(model, provider_id=pinned)
        except NotFound as problem:
            yield problem
