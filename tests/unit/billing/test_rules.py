"""The rules of accounts, transactions, usage records and payments."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from services.billing.domain.account import (
    BALANCE_NANOS_MAX,
    Account,
    insufficient,
    is_user_account,
    visible_user,
)
from services.billing.domain.payment import Payment, PaymentAsk, PaymentState
from services.billing.domain.transaction import Transaction, TransactionType
from services.billing.domain.usage import UsageRecord, sift
from services.kernel.caller import Caller, Kind
from services.kernel.errors import InvalidField, NotFound, PaymentDeclined, RequestIdReused
from services.kernel.ids import new_id
from services.kernel.money import NANOS_PER_CENT, NANOS_PER_DOLLAR

ANN = Caller(Kind.USER, "ann")
OPERATOR = Caller(Kind.OPERATOR, "boss")
RECORD = UsageRecord(
    request_id=new_id(),
    user_id="ann",
    account_id="ann",
    lease_id="",
    hold=100,
    amount=60,
    traceparent="",
    payload=b"",
)
ASK = PaymentAsk(new_id(), "ann", NANOS_PER_DOLLAR, "card")


def test_users_see_themselves_and_operators_everybody() -> None:
    assert visible_user(ANN, "me") == visible_user(ANN, "ann") == "ann"
    assert visible_user(OPERATOR, "ann") == "ann"
    for caller, user_id in ((ANN, "bob"), (OPERATOR, "system:revenue"), (OPERATOR, "a\0b")):
        with pytest.raises(NotFound):
            visible_user(caller, user_id)


@pytest.mark.parametrize("account_id", ["", "system:revenue", "a\0", "a\nb", "ä" * 33, "x" * 65])
def test_what_no_account_of_a_user_is_called(account_id: str) -> None:
    assert not is_user_account(account_id)


def test_an_empty_account_is_told_from_one_whose_money_is_held() -> None:
    assert "held" not in insufficient(Account("ann", 0, 0)).message
    held = insufficient(Account("ann", 100, 90))
    assert "held" in held.message
    assert held.metadata["available_nanos"] == "10"


def test_a_balance_has_a_limit() -> None:
    Account("ann", BALANCE_NANOS_MAX - 5).require_room(5)
    with pytest.raises(InvalidField):
        Account("ann", BALANCE_NANOS_MAX - 5).require_room(6)


@pytest.mark.parametrize("kind", TransactionType)
def test_entries_add_up_to_zero(kind: TransactionType) -> None:
    now = datetime.now(UTC)
    entries = Transaction(new_id(), kind, "ann", -7, new_id(), now).entries
    assert sum(entry.amount for entry in entries) == 0
    assert entries[0].account_id == "ann"
    assert entries[1].account_id.startswith("system:")


@pytest.mark.parametrize(
    "changes",
    [
        {"request_id": "7"},
        {"user_id": ""},
        {"account_id": "system:payments"},
        {"lease_id": "\0"},
        {"lease_id": "x" * 65},
        {"amount": -1},
        {"amount": 2**62, "hold": 2**62},
        {"amount": 101},
    ],
    ids=str,
)
def test_a_record_that_makes_no_sense_is_sorted_out(changes: dict[str, Any]) -> None:
    wrong = replace(RECORD, **changes)
    sifted = sift([wrong, RECORD])
    assert sifted.records == (RECORD,)
    assert [each.record for each in sifted.dead] == [wrong]
    assert sifted.dead[0].problem


def test_of_several_records_of_one_request_the_first_counts() -> None:
    assert sift([RECORD, replace(RECORD, amount=5), RECORD]).records == (RECORD,)


@pytest.mark.parametrize(
    "amount",
    [0, -NANOS_PER_CENT, NANOS_PER_CENT - 1, 1_000_000 * NANOS_PER_DOLLAR + NANOS_PER_CENT],
)
def test_amounts_that_can_not_be_paid(amount: int) -> None:
    with pytest.raises(InvalidField):
        replace(ASK, amount=amount).require_amount()


def test_amounts_that_can_be_paid() -> None:
    for amount in (NANOS_PER_CENT, 1_000_000 * NANOS_PER_DOLLAR):
        replace(ASK, amount=amount).require_amount()


@pytest.mark.parametrize("other", [{"user_id": "bob"}, {"amount": 1}, {"method": "other"}], ids=str)
def test_another_request_with_the_same_id_is_noticed(other: dict[str, Any]) -> None:
    payment = Payment(new_id(), ASK.request_id, ASK.fingerprint, "ann", ASK.amount)
    payment.require_same(ASK)
    with pytest.raises(RequestIdReused):
        payment.require_same(replace(ASK, **other))


def test_a_fingerprint_does_not_tell_the_payment_method() -> None:
    assert "card" not in ASK.fingerprint


def test_a_declined_payment_says_why() -> None:
    payment = Payment(new_id(), ASK.request_id, ASK.fingerprint, "ann", 1)
    payment.require_accepted()
    with pytest.raises(PaymentDeclined) as declined:
        replace(payment, state=PaymentState.DECLINED, decline_code="stolen").require_accepted()
    assert declined.value.metadata == {"decline_code": "stolen"}
