"""Small stand-ins for what the proxy's use cases need from the world."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from services.kernel.errors import InsufficientBalance, InvalidCredential, Unavailable
from services.kernel.price import Price
from services.proxy.domain.admission import Hold
from services.proxy.domain.conclusion import Conclusion, JournalLine
from services.proxy.domain.lease import Grant, Lease
from services.proxy.domain.routing import RoutingTable, Target
from services.proxy.domain.verdict import Verdict
from services.proxy.usecases.ports import Position

NOW = datetime(2026, 3, 1, tzinfo=UTC)
PRICE = Price(version=1, input=150_000_000, output=600_000_000, cached_input=75_000_000)


def target(name: str, *, price: Price = PRICE, upstream: str = "demo-large") -> Target:
    return Target(name, f"provider-{name}", "/v1", upstream, price, 4096)


@dataclass
class FrozenClock:
    time: datetime = NOW

    def now(self) -> datetime:
        return self.time

    def advance(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


@dataclass
class FakeVerdicts:
    warm: dict[str, Verdict] = field(default_factory=dict[str, Verdict])
    cold: dict[str, Verdict] = field(default_factory=dict[str, Verdict])
    asked: list[str] = field(default_factory=list[str])

    def known(self, secret: str) -> Verdict | None:
        return self.warm.get(secret)

    async def ask(self, secret: str) -> Verdict:
        self.asked.append(secret)
        if secret not in self.cold:
            raise InvalidCredential
        return self.cold[secret]


@dataclass
class FakeRoutes:
    table: RoutingTable


@dataclass
class FakeLender:
    """Lends from one balance, as billing would."""

    available: int
    away: bool = False
    calls: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    granted: int = 0

    async def acquire(self, account_id: str, *, lease_id: str, target: int, minimum: int) -> Grant:
        if self.away:
            raise Unavailable("billing")
        self.calls.append((target, minimum))
        grant = min(target, self.granted + self.available)
        if grant < minimum:
            raise InsufficientBalance("empty", metadata={"available_nanos": str(self.available)})
        grant = max(grant, self.granted)
        self.available -= grant - self.granted
        self.granted = grant
        return Grant(lease_id or "lease-1", grant, 0, (NOW + timedelta(hours=1)).timestamp())

    async def give_back(self, lease_id: str, *, target: int) -> Grant:
        if self.away:
            raise Unavailable("billing")
        self.available += self.granted - target
        self.granted = target
        return Grant(lease_id, target, 0, (NOW + timedelta(hours=1)).timestamp())


@dataclass
class FakeLog:
    holds: list[Hold] = field(default_factory=list[Hold])
    done: list[Conclusion] = field(default_factory=list[Conclusion])
    positions: list[Position | None] = field(default_factory=list[Position | None])

    def granted(self, lease: Lease) -> None: ...

    def held(self, hold: Hold) -> None:
        self.holds.append(hold)

    def settled(self, conclusions: Sequence[Conclusion], *, position: Position | None) -> None:
        self.done += conclusions
        self.positions.append(position)


def a_hold(request_id: str = "r-1", *, amount: int = 1_000_000, stream: bool = False) -> Hold:
    return Hold(
        request_id=request_id,
        user_id="user-1",
        account_id="account-1",
        key_id="key-1",
        lease_id="lease-1",
        amount=amount,
        resource="/v1/chat/completions",
        model="demo-chat",
        stream=stream,
        estimated_input_tokens=10,
        prices=(("provider-demo", PRICE), ("provider-other", Price(2, 10**9, 10**9, 10**9))),
        admitted_at=NOW.timestamp(),
    )


def a_line(hold: Hold, **changes: object) -> JournalLine:
    members: dict[str, object] = {
        "request_id": hold.request_id,
        "hold": hold,
        "status": 200,
        "cluster": "provider-demo",
        "attempts": 1,
        "started_at": NOW.timestamp(),
        "duration_ms": 120,
        "first_byte_ms": 40,
        "bytes_sent": 400,
        "usage": None,
        "events": 0,
        "traceparent": "",
        **changes,
    }
    return JournalLine(**members)  # type: ignore[arg-type]
