"""Feeds the ledger with usage from the bus."""

from collections.abc import Sequence
from dataclasses import dataclass

from aggregator.proxy.v1.proxy_events_pb2 import UsageBatch, UsageRecorded

from services.billing.domain.usage import UsageRecord
from services.billing.usecases.settle_usage import SettleUsage
from services.chassis.bus import USAGE_SUBJECT, Bus
from services.chassis.consumer import Subscription, consume
from services.chassis.logs import get_logger

log = get_logger()
SUBSCRIPTION = Subscription(stream="USAGE", subject=USAGE_SUBJECT, durable="billing")
# A malformed id may be long; a log line need not be.
LOGGED_ID_CHARS = 64


@dataclass(frozen=True, slots=True)
class UsageStream:
    """Consumes `billing.usage`."""

    bus: Bus
    settle: SettleUsage

    async def run(self) -> None:
        """Settles for ever; messages are acknowledged once what they carry is committed."""
        await consume(self.bus, SUBSCRIPTION, UsageBatch, self._handle)

    async def _handle(self, batches: Sequence[UsageBatch]) -> None:
        records = [_record(recorded) for batch in batches for recorded in batch.records]
        settlement = await self.settle(records)
        log.debug("usage.settled", records=len(records), new=settlement.settled)
        for dead in settlement.dead:
            request_id = dead.record.request_id[:LOGGED_ID_CHARS]
            log.error("usage.dead_letter", request_id=request_id, problem=dead.problem)
        if settlement.dead:
            log.error("usage.dead_letters", count=len(settlement.dead), table="dead_usage")


def _record(recorded: UsageRecorded) -> UsageRecord:
    return UsageRecord(
        request_id=recorded.request_id.lower(),
        user_id=recorded.user_id,
        account_id=recorded.account_id,
        lease_id=recorded.lease_id,
        hold=recorded.hold_nanos,
        amount=recorded.amount_nanos,
        traceparent=recorded.traceparent,
        payload=recorded.SerializeToString(),
    )
