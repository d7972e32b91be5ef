"""Protos of billing <-> values of its domain."""

from aggregator.billing.v1 import balance_service_pb2 as balance_pb2
from aggregator.billing.v1 import lease_service_pb2 as lease_pb2
from aggregator.billing.v1 import payment_service_pb2 as payment_pb2
from aggregator.billing.v1 import transaction_service_pb2 as transaction_pb2
from aggregator.proxy.v1.proxy_events_pb2 import UsageRecorded

from services.billing.domain.account import Account
from services.billing.domain.adjustment import AdjustmentAsk
from services.billing.domain.books import TrialBalance
from services.billing.domain.lease import Grant, Lease, LeaseAsk
from services.billing.domain.page import Page
from services.billing.domain.payment import Payment, PaymentAsk
from services.billing.domain.refund import Refund, RefundAsk
from services.billing.domain.transaction import Transaction, TransactionType
from services.chassis.money import from_money, to_money
from services.chassis.page_token import decode_token, encode_token, page_size
from services.kernel.errors import InvalidField

PAGE_DEFAULT = 50
PAGE_MAX = 1000
POSITION_MAX = 2**63 - 1
TYPES = {
    TransactionType.PAYMENT: transaction_pb2.TRANSACTION_TYPE_PAYMENT,
    TransactionType.USAGE: transaction_pb2.TRANSACTION_TYPE_USAGE,
    TransactionType.REFUND: transaction_pb2.TRANSACTION_TYPE_REFUND,
    TransactionType.ADJUSTMENT: transaction_pb2.TRANSACTION_TYPE_ADJUSTMENT,
}


def limit_of(asked: int) -> int:
    """Returns how many items a page may have."""
    return page_size(asked, default=PAGE_DEFAULT, maximum=PAGE_MAX)


def position_of(token: str) -> int | None:
    """Returns the position that a page begins after. Raises InvalidField."""
    position = decode_token(token, int)
    if position is None:
        return None
    first = int(position[0])
    if not 0 <= first <= POSITION_MAX:
        raise InvalidField("page_token", "page_token is not one that a list returned.")
    return first


def _token(next_position: int | None) -> str:
    return "" if next_position is None else encode_token(next_position)


def balance(account: Account) -> balance_pb2.GetBalanceResponse:
    """Returns an account's balance."""
    return balance_pb2.GetBalanceResponse(
        user_id=account.account_id,
        posted=to_money(account.posted),
        held=to_money(account.leased),
        available=to_money(account.available),
    )


def trial_balance(proof: TrialBalance) -> balance_pb2.GetTrialBalanceResponse:
    """Returns the proof of the books."""
    return balance_pb2.GetTrialBalanceResponse(
        sum_nanos=proof.total,
        entries=proof.entries,
        transactions=proof.transactions,
        usage_records=proof.usage_records,
        drifted_account_ids=proof.drifted_account_ids,
    )


def lease_ask(request: lease_pb2.AcquireLeaseRequest) -> LeaseAsk:
    """Reads what a proxy asks for."""
    return LeaseAsk(
        account_id=request.account_id,
        instance=request.instance,
        lease_id=request.lease_id,
        sequence=request.sequence,
        target=request.target_granted_nanos,
        minimum=request.minimum_granted_nanos,
    )


def lease(value: Lease) -> lease_pb2.Lease:
    """Returns a lease."""
    message = lease_pb2.Lease(
        lease_id=value.lease_id,
        account_id=value.account_id,
        granted_nanos=value.granted,
        consumed_nanos=value.consumed,
    )
    message.expire_time.FromDatetime(value.expire_time)
    return message


def grant(value: Grant) -> lease_pb2.AcquireLeaseResponse:
    """Returns a lease with what its account has left."""
    return lease_pb2.AcquireLeaseResponse(
        lease=lease(value.lease),
        available_nanos=value.account.available,
        posted_nanos=value.account.posted,
    )


def payment_ask(request: payment_pb2.ProcessPaymentRequest) -> PaymentAsk:
    """Reads what is to be paid. Raises InvalidField."""
    return PaymentAsk(
        request_id=request.request_id.lower(),
        user_id=request.user_id,
        amount=from_money(request.amount, field="amount"),
        method=request.payment_method,
    )


def payment(value: Payment, posted: Transaction) -> payment_pb2.ProcessPaymentResponse:
    """Returns a payment."""
    return payment_pb2.ProcessPaymentResponse(
        payment_id=value.payment_id, transaction=transaction(posted)
    )


def refund_ask(request: payment_pb2.RefundPaymentRequest) -> RefundAsk:
    """Reads what is to be refunded. Raises InvalidField."""
    asked = from_money(request.amount, field="amount") if request.HasField("amount") else None
    return RefundAsk(
        request_id=request.request_id.lower(),
        payment_id=request.payment_id.lower(),
        reason=request.reason,
        amount=asked,
    )


def refund(value: Refund, posted: Transaction) -> payment_pb2.RefundPaymentResponse:
    """Returns a refund."""
    return payment_pb2.RefundPaymentResponse(
        refund_id=value.refund_id, transaction=transaction(posted)
    )


def adjustment_ask(request: transaction_pb2.CreateTransactionRequest) -> AdjustmentAsk:
    """Reads what is to be adjusted. Raises InvalidField."""
    return AdjustmentAsk(
        request_id=request.request_id.lower(),
        user_id=request.user_id,
        amount=from_money(request.amount, field="amount"),
        reason=request.reason,
    )


def transaction(value: Transaction) -> transaction_pb2.Transaction:
    """Returns a transaction."""
    message = transaction_pb2.Transaction(
        transaction_id=value.transaction_id,
        type=TYPES[value.type],
        amount=to_money(value.amount),
        reference=value.reference,
        reason=value.reason,
    )
    message.create_time.FromDatetime(value.create_time)
    return message


def transactions(page: Page[Transaction]) -> transaction_pb2.ListTransactionsResponse:
    """Returns a page of transactions."""
    return transaction_pb2.ListTransactionsResponse(
        transactions=[transaction(item) for item in page.items],
        next_page_token=_token(page.next_position),
    )


def usage(page: Page[bytes]) -> transaction_pb2.ListUsageResponse:
    """Returns a page of usage records."""
    return transaction_pb2.ListUsageResponse(
        records=[UsageRecorded.FromString(item) for item in page.items],
        next_page_token=_token(page.next_position),
    )
