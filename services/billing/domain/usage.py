"""Terminal records of requests, as they arrive from proxies: any number of times, in any order."""

from collections.abc import Iterable
from dataclasses import dataclass

from services.billing.domain.account import ID_BYTES_MAX, is_user_account
from services.kernel.ids import is_id
from services.kernel.money import NANOS_PER_DOLLAR

# No request costs more; what claims to is a mistake, and must not reach the ledger's limits.
AMOUNT_NANOS_MAX = 1_000_000 * NANOS_PER_DOLLAR


@dataclass(frozen=True, slots=True)
class UsageRecord:
    """What billing reads of a record. Amounts are nano-dollars."""

    # The billing id: a UUID in lower case once it was found valid.
    request_id: str
    user_id: str
    account_id: str
    lease_id: str
    hold: int
    amount: int
    traceparent: str
    # The whole record as it came.
    payload: bytes

    @property
    def problem(self) -> str:
        """Why the record can't be booked; empty when it can."""
        if not is_id(self.request_id):
            return "request_id is not a UUID"
        if not (is_user_account(self.user_id) and is_user_account(self.account_id)):
            return "user_id or account_id is not valid"
        if len(self.lease_id) > ID_BYTES_MAX or not self.lease_id.isprintable():
            return "lease_id is not valid"
        if not 0 <= self.amount <= AMOUNT_NANOS_MAX:
            return "the amount is negative or too large"
        if self.amount > self.hold:
            return "the amount is more than was held"
        return ""


@dataclass(frozen=True, slots=True)
class DeadRecord:
    """A record that was put aside, and why."""

    record: UsageRecord
    problem: str


@dataclass(frozen=True, slots=True)
class Sifted:
    """A batch, sorted out: each request once, and what can't be booked apart."""

    records: tuple[UsageRecord, ...]
    dead: tuple[DeadRecord, ...]


def sift(records: Iterable[UsageRecord]) -> Sifted:
    """Sorts a batch out. Of several records of one request the first counts."""
    first: dict[str, UsageRecord] = {}
    dead: list[DeadRecord] = []
    for record in records:
        problem = record.problem
        if problem:
            dead.append(DeadRecord(record, problem))
        else:
            first.setdefault(record.request_id, record)
    return Sifted(tuple(first.values()), tuple(dead))
