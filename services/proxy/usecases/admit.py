"""Admits a request: who asks, what, where it may go, and whether it is paid for.

For a key and an account that are warm, nothing here waits.
"""

from collections.abc import Callable
from dataclasses import dataclass

from services.kernel.clock import Clock
from services.kernel.errors import InvalidCredential, PermissionDenied, RateLimited
from services.kernel.ids import new_id
from services.proxy.domain.admission import Hold
from services.proxy.domain.body_edits import Spans, find_spans
from services.proxy.domain.chat_request import ChatRequest, parse_chat_request
from services.proxy.domain.conclusion import hold_amount
from services.proxy.domain.lease import Lease
from services.proxy.domain.lease_book import LeaseBook
from services.proxy.domain.routing import Target
from services.proxy.domain.verdict import INFERENCE_SCOPE, Verdict
from services.proxy.usecases.fund_account import FundAccount
from services.proxy.usecases.ports import Log, Routes, Verdicts


@dataclass(frozen=True, slots=True)
class Ask:
    """A request at the edge's door."""

    # The credential as sent; empty when there was none.
    secret: str
    # The path that was called, without its query.
    resource: str
    # The provider that the path pins; empty when it pins none.
    provider_id: str
    body: bytes
    # Turns the body into values. Raises InvalidField.
    decode: Callable[[bytes], object]


@dataclass(frozen=True, slots=True)
class Admission:
    """A request that may go on, and how."""

    hold: Hold
    request: ChatRequest
    targets: tuple[Target, ...]
    spans: Spans


@dataclass(frozen=True, slots=True)
class _Wish:
    """What a body asks for, and what it may cost."""

    request: ChatRequest
    spans: Spans
    targets: tuple[Target, ...]
    amount: int


@dataclass(frozen=True, slots=True)
class Admit:
    """Decides about a request at the edge.

    Raises InvalidCredential, PermissionDenied, InvalidField, NotFound, InsufficientBalance,
    RateLimited or Unavailable.
    """

    verdicts: Verdicts
    routes: Routes
    book: LeaseBook
    fund: FundAccount
    log: Log
    clock: Clock
    # How many requests of one account may be under way.
    concurrent_requests_max: int

    def at_once(self, ask: Ask) -> Admission | None:
        """Admits or raises without waiting; None when auth or billing must be asked first."""
        verdict = self.verdicts.known(ask.secret)
        if verdict is None:
            return None
        self._check_verdict(verdict)
        wish = self._understand(ask)
        lease = self.fund.usable_lease(verdict.account_id, wish.amount)
        return None if lease is None else self._admit(ask, wish, verdict=verdict, lease=lease)

    async def __call__(self, ask: Ask) -> Admission:
        """Admits or raises. An admitted request holds money until its terminal record."""
        verdict = self.verdicts.known(ask.secret) or await self.verdicts.ask(ask.secret)
        self._check_verdict(verdict)
        wish = self._understand(ask)
        lease = await self.fund(verdict.account_id, wish.amount)
        return self._admit(ask, wish, verdict=verdict, lease=lease)

    def _understand(self, ask: Ask) -> _Wish:
        request = parse_chat_request(ask.decode(ask.body))
        spans = find_spans(ask.body, request)
        targets = self.routes.table.targets(request.model, provider_id=ask.provider_id)
        return _Wish(request, spans, targets, hold_amount(targets, request))

    def _admit(self, ask: Ask, wish: _Wish, *, verdict: Verdict, lease: Lease) -> Admission:
        self._check_concurrency(lease)
        now = self.clock.now().timestamp()
        hold = Hold(
            request_id=new_id(),
            user_id=verdict.user_id,
            account_id=verdict.account_id,
            key_id=verdict.key_id,
            lease_id=lease.lease_id,
            amount=wish.amount,
            resource=ask.resource,
            model=wish.request.model,
            stream=wish.request.stream,
            estimated_input_tokens=wish.request.estimated_input_tokens,
            prices=tuple((target.cluster, target.price) for target in wish.targets),
            admitted_at=now,
        )
        if not lease.hold(wish.amount, now=now):
            raise RuntimeError("a lease without room was chosen")
        self.book.open(hold)
        self.log.held(hold)
        self.fund.refill_soon(lease, wish.amount)
        return Admission(hold, wish.request, wish.targets, wish.spans)

    def _check_verdict(self, verdict: Verdict) -> None:
        if verdict.is_expired(self.clock.now().timestamp()):
            raise InvalidCredential
        if INFERENCE_SCOPE not in verdict.scopes:
            message = f"This API key lacks the scope '{INFERENCE_SCOPE}'."
            raise PermissionDenied(message, metadata={"scope": INFERENCE_SCOPE})

    def _check_concurrency(self, lease: Lease) -> None:
        if lease.open_holds >= self.concurrent_requests_max:
            message = f"More than {self.concurrent_requests_max} requests are under way."
            raise RateLimited(message, retry_after_seconds=1)
