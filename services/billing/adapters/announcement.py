"""Tells the mesh what was posted."""

from collections.abc import Iterable

from aggregator.billing.v1.billing_events_pb2 import TransactionCreated
from aggregator.billing.v1.transaction_service_pb2 import (
    TRANSACTION_TYPE_ADJUSTMENT,
    TRANSACTION_TYPE_PAYMENT,
    TRANSACTION_TYPE_REFUND,
    TRANSACTION_TYPE_USAGE,
)
from aggregator.events.v1.event_pb2 import Event, EventBatch

from services.billing.domain.transaction import Transaction, TransactionType

TYPES = {
    TransactionType.PAYMENT: TRANSACTION_TYPE_PAYMENT,
    TransactionType.USAGE: TRANSACTION_TYPE_USAGE,
    TransactionType.REFUND: TRANSACTION_TYPE_REFUND,
    TransactionType.ADJUSTMENT: TRANSACTION_TYPE_ADJUSTMENT,
}


def announcement(transactions: Iterable[Transaction]) -> EventBatch:
    """Returns the events `transaction_created` of some transactions in one message."""
    return EventBatch(events=[_event(transaction) for transaction in transactions])


def _event(transaction: Transaction) -> Event:
    event = Event(
        id=transaction.transaction_id,
        type="transaction_created",
        source="billing",
        user_id=transaction.user_id,
        traceparent=transaction.traceparent,
    )
    event.time.FromDatetime(transaction.create_time)
    event.details.Pack(
        TransactionCreated(
            transaction_id=transaction.transaction_id,
            user_id=transaction.account_id,
            type=TYPES[transaction.type],
            amount_nanos=transaction.amount,
            reference=transaction.reference,
        )
    )
    return event
