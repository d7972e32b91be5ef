"""What a request cost, concluded from the edge's journal line and the hold."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from services.kernel.usage import TokenUsage
from services.proxy.domain.admission import CLUSTER_PREFIX, Hold
from services.proxy.domain.chat_request import BYTES_PER_TOKEN, ChatRequest
from services.proxy.domain.routing import Target

FAILED_STATUS = 400


class Outcome(Enum):
    """How an admitted request ended."""

    SETTLED = "settled"
    ESTIMATED = "estimated"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class JournalLine:
    """What the edge wrote when a request ended."""

    request_id: str
    hold: Hold
    # 0 when the client left before it got a status.
    status: int
    cluster: str
    attempts: int
    started_at: float
    duration_ms: int
    # None when no byte of an answer came from a provider.
    first_byte_ms: int | None
    bytes_sent: int
    # As the provider reported it; None when it did not.
    usage: TokenUsage | None
    # How many events with content passed, for a stream.
    events: int
    traceparent: str


@dataclass(frozen=True, slots=True)
class Conclusion:
    """The terminal record of a request."""

    hold: Hold
    outcome: Outcome
    usage: TokenUsage
    amount: int
    price_version: int
    provider_id: str
    # None when the edge left no record.
    line: JournalLine | None
    # What the provider counted beyond the hold; the operator bears it.
    overrun: int = 0


def conclude(line: JournalLine) -> Conclusion:
    """Decides what a request that ended is charged.

    A provider's report counts. Without one, a failed request costs nothing, and so does one whose
    answer never began; an answer that was cut is estimated by what passed the edge. Nothing costs
    more than its hold.
    """
    hold = line.hold
    price = hold.price_at(line.cluster)
    provider_id = line.cluster.removeprefix(CLUSTER_PREFIX) if price else ""
    if price is None or line.status >= FAILED_STATUS or line.first_byte_ms is None:
        version = price.version if price else 0
        return Conclusion(hold, Outcome.SETTLED, TokenUsage(), 0, version, provider_id, line)
    if line.usage is not None:
        outcome, usage = Outcome.SETTLED, line.usage
    else:
        outcome, usage = Outcome.ESTIMATED, _estimate(line)
    cost = price.cost(usage)
    amount = min(cost, hold.amount)
    return Conclusion(
        hold, outcome, usage, amount, price.version, provider_id, line, overrun=cost - amount
    )


def expire(hold: Hold) -> Conclusion:
    """Ends a request of which the edge left no record: the hold is released, nothing is charged."""
    return Conclusion(hold, Outcome.EXPIRED, TokenUsage(), 0, 0, "", None)


def cost_limit(target: Target, request: ChatRequest) -> int:
    """Returns the most that a request can cost at a provider."""
    output = request.output_limit(target.max_output_tokens)
    return target.price.cost(TokenUsage(input=request.max_input_tokens, output=output))


def hold_amount(targets: Sequence[Target], request: ChatRequest) -> int:
    """Returns the most that a request can cost at any of the providers it may go to."""
    return max(cost_limit(target, request) for target in targets)


def _estimate(line: JournalLine) -> TokenUsage:
    produced = line.events if line.hold.stream else -(-line.bytes_sent // BYTES_PER_TOKEN)
    return TokenUsage(input=line.hold.estimated_input_tokens, output=produced)
