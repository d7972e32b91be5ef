"""What is published, and what the operator is told besides."""

from dataclasses import dataclass, field
from typing import Any

from structlog.testing import capture_logs

from services.kernel.usage import TokenUsage
from services.proxy.adapters.usage_publisher import UsagePublisher
from services.proxy.domain.conclusion import conclude
from tests.unit.proxy.fakes import PRICE, a_hold, a_line


@dataclass
class FakeBus:
    published: list[bytes] = field(default_factory=list[bytes])

    async def jetstream(self) -> "FakeBus":
        return self

    async def publish(self, subject: str, payload: bytes, *, headers: dict[str, str]) -> None:
        self.published.append(payload)


async def test_what_a_provider_counts_beyond_the_hold_is_logged():
    usage = TokenUsage(input=100, output=50)
    hold = a_hold("r-over", amount=1000)
    covered = conclude(a_line(a_hold("r-fine"), usage=usage))
    overrun = conclude(a_line(hold, usage=usage))
    bus: Any = FakeBus()
    with capture_logs() as logs:
        await UsagePublisher(bus).publish([covered, overrun])
    assert len(bus.published) == 1
    [told] = [entry for entry in logs if entry["event"] == "usage.overrun"]
    assert told["request_id"] == "r-over"
    assert told["overrun_nanos"] == PRICE.cost(usage) - 1000
