"""Whatever happens in whatever order, billing's books say what a simple model says."""

import os
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from services.billing.domain.lease import LeaseAsk
from services.billing.domain.usage import UsageRecord
from services.kernel.errors import Conflict, InsufficientBalance
from services.kernel.ids import new_id
from services.kernel.money import NANOS_PER_CENT
from tests.property.ledger_model import LedgerModel, ModelLease, ModelRecord
from tests.property.ledger_system import Crash, LedgerSystem, State, ledger_system
from tests.servers import PostgresServer

EXAMPLES = int(os.environ.get("LEDGER_EXAMPLES", "100"))
STEPS = int(os.environ.get("LEDGER_STEPS", "25"))
PROXIES = st.sampled_from(["proxy-0", "proxy-1"])
CENTS = st.integers(1, 6)
# Half cents, so that amounts often meet exactly.
NANOS = st.integers(0, 14).map(lambda halves: halves * NANOS_PER_CENT // 2)
# Small, so that most calls are granted.
LEAST = st.integers(0, 3).map(lambda halves: halves * NANOS_PER_CENT // 2)
CHOICE = st.integers(0, 1000)
# From which lease, how much, and whether the record is late.
CHARGES = st.lists(st.tuples(CHOICE, NANOS, st.booleans()), max_size=3)


class LedgerMachine(RuleBasedStateMachine):
    """Does to billing and to the model the same, and compares."""

    def __init__(self, system: LedgerSystem) -> None:
        super().__init__()
        self.system = system
        self.account_id = new_id()
        self.model = LedgerModel()
        self.records: list[ModelRecord] = []
        self.payments: list[tuple[str, int]] = []
        self.sequence = 0

    @initialize(cents=CENTS, wanted=st.tuples(NANOS, NANOS))
    def begin_with_money_and_leases(self, cents: int, wanted: tuple[int, int]) -> None:
        self._pay(new_id(), cents * NANOS_PER_CENT)
        for instance, target in zip(("proxy-0", "proxy-1"), wanted, strict=True):
            self._acquire(instance, "", target, 0)

    @rule(cents=CENTS, again=st.none() | CHOICE)
    def top_up(self, cents: int, again: int | None) -> None:
        """A payment, or one that came before once more."""
        if again is None:
            self._pay(new_id(), cents * NANOS_PER_CENT)
        else:
            self._pay(*self.payments[again % len(self.payments)])

    def _pay(self, request_id: str, amount: int) -> None:
        payment_id = self.system.pay(self.account_id, amount, request_id=request_id)
        if (request_id, amount) not in self.payments:
            self.payments.append((request_id, amount))
            self.model.refundable[payment_id] = amount
            self.model.posted += amount

    @rule(choice=CHOICE, cents=st.none() | CENTS)
    def refund(self, choice: int, cents: int | None) -> None:
        """A part of a payment, or what is left of it."""
        payment_id = list(self.model.refundable)[choice % len(self.model.refundable)]
        left = self.model.refundable[payment_id]
        amount = left if cents is None else cents * NANOS_PER_CENT
        asked = None if cents is None else amount
        if not 0 < amount <= left:
            with pytest.raises(Conflict):
                self.system.refund(payment_id, asked)
        elif self.model.move(-amount):
            self.model.refundable[payment_id] -= amount
            assert self.system.refund(payment_id, asked) == -amount
        else:
            with pytest.raises(InsufficientBalance):
                self.system.refund(payment_id, asked)

    @rule(amount=NANOS.filter(bool), is_taken=st.booleans())
    def adjust(self, amount: int, *, is_taken: bool) -> None:
        amount = -amount if is_taken else amount
        if self.model.move(amount):
            self.system.adjust(self.account_id, amount)
            return
        with pytest.raises(InsufficientBalance):
            self.system.adjust(self.account_id, amount)

    @rule(instance=PROXIES, other=st.none() | CHOICE, wanted=NANOS, least=LEAST)
    def acquire(self, instance: str, other: int | None, wanted: int, least: int) -> None:
        """A proxy names its lease, or another when it restarted or its lease ended."""
        own = self.model.open_lease(instance)[0]
        self._acquire(instance, own if other is None else self._any_lease(other), wanted, least)

    def _acquire(self, instance: str, named: str, target: int, minimum: int) -> None:
        self.sequence += 1
        ask = LeaseAsk(self.account_id, instance, named, self.sequence, target, minimum)
        expected = self.model.acquire(instance, named, target, minimum)
        try:
            grant = self.system.run(self.system.acquire(ask))
        except InsufficientBalance:
            assert expected is None
            return
        lease = self.model.leases.setdefault(grant.lease.lease_id, ModelLease(instance))
        assert expected is not None
        lease.granted, lease.sequence = expected, self.sequence
        self._assert_same(grant.lease.lease_id, grant.lease.granted, grant.lease.consumed)
        assert grant.account.available == self.model.posted - self.model.leased

    @rule(instance=PROXIES, wanted=NANOS, least=NANOS)
    def acquire_late(self, instance: str, wanted: int, least: int) -> None:
        """As a call does that was overtaken by another."""
        latest = max(
            (known.sequence for known in self.model.leases.values() if known.instance == instance),
            default=0,
        )
        if not latest:
            return
        self.model.expire()
        lease_id, lease = self.model.open_lease(instance)
        ask = LeaseAsk(self.account_id, instance, lease_id, latest, wanted, least)
        if not lease_id:
            with pytest.raises(Conflict):
                self.system.run(self.system.acquire(ask))
            return
        grant = self.system.run(self.system.acquire(ask))
        assert grant.lease.granted == lease.granted

    @rule(charges=CHARGES, again=st.lists(CHOICE, max_size=4), with_poison=st.booleans())
    def settle(
        self, charges: list[tuple[int, int, bool]], again: list[int], *, with_poison: bool
    ) -> None:
        """Records arrive late or at once, in any order, some again, some twice in one batch."""
        for choice, amount, _ in charges:
            self.records.append(ModelRecord(new_id(), self._any_lease(choice), amount))
        fresh = self.records[len(self.records) - len(charges) :]
        arriving = [one for one, (_, _, late) in zip(fresh, charges, strict=True) if not late]
        batch = self._batch(again) + arriving
        poison = [self._recorded(ModelRecord(new_id(), "", 5), hold=4)] if with_poison else []
        recorded = [self._recorded(record, hold=record.amount) for record in batch]
        settlement = self.system.run(self.system.settle([*poison, *recorded]))
        known = len(self.model.settled)
        self.model.settle(batch)
        assert settlement.settled == len(self.model.settled) - known
        assert len(settlement.dead) == len(poison)

    @rule(choices=st.lists(CHOICE, min_size=1, max_size=8))
    def crash_while_settling(self, choices: list[int]) -> None:
        recorded = [self._recorded(record, hold=record.amount) for record in self._batch(choices)]
        if recorded:
            with pytest.raises(Crash):
                self.system.run(self.system.settle_and_crash(recorded))

    @rule(choice=CHOICE, kept=NANOS)
    def give_back(self, choice: int, kept: int) -> None:
        lease_id = self._any_lease(choice)
        if not lease_id:
            return
        self.sequence += 1
        expected = self.model.give_back(lease_id, kept)
        call = self.system.give_back(lease_id, sequence=self.sequence, target=kept)
        if not expected:
            with pytest.raises(Conflict):
                self.system.run(call)
            return
        lease = self.system.run(call)
        self.model.leases[lease_id].sequence = lease.sequence
        self._assert_same(lease_id, lease.granted, lease.consumed)

    @rule(choice=CHOICE, with_sweep=st.booleans())
    def let_time_pass(self, choice: int, *, with_sweep: bool) -> None:
        lease_id = self._any_lease(choice)
        if lease_id and self.model.leases[lease_id].is_open:
            self.system.make_due(lease_id)
            self.model.leases[lease_id].is_due = True
        if with_sweep:
            self.system.run(self.system.sweep())
            self.model.expire()

    @invariant()
    def books_agree(self) -> None:
        posted, leased = self.model.posted, self.model.leased
        assert self.system.state(self.account_id) == State(posted, leased, posted, 0)

    def teardown(self) -> None:
        charges = [-record.amount for record in self.model.settled if record.amount]
        paid = [amount for _, amount in self.payments]
        history = self.system.history(self.account_id, limit=3)
        assert sorted(history) == sorted(charges + paid + self.model.moved)

    def _any_lease(self, choice: int) -> str:
        """An open or an ended lease, the newest first, or none."""
        names = [*reversed(self.model.leases), ""]
        return names[choice % len(names)]

    def _batch(self, choices: list[int]) -> list[ModelRecord]:
        return [self.records[choice % len(self.records)] for choice in choices if self.records]

    def _recorded(self, record: ModelRecord, *, hold: int) -> UsageRecord:
        account = self.account_id
        payload = record.request_id.encode()
        lease_id, amount = record.lease_id, record.amount
        return UsageRecord(record.request_id, account, account, lease_id, hold, amount, "", payload)

    def _assert_same(self, lease_id: str, granted: int, consumed: int) -> None:
        lease = self.model.leases[lease_id]
        assert (granted, consumed) == (lease.granted, lease.consumed)


# Making a failure small takes minutes.
@pytest.mark.timeout(0)
def test_books_agree_with_the_model(postgres: PostgresServer) -> None:
    with ledger_system(postgres.new_database("billing").url) as system:
        make: Any = partial(LedgerMachine, system)
        run_state_machine_as_test(
            make,
            settings=settings(
                max_examples=EXAMPLES,
                stateful_step_count=STEPS,
                deadline=None,
                database=None,
                suppress_health_check=[HealthCheck.too_slow],
            ),
        )
        proof = system.run(system.prove())
        assert proof.total == 0
        assert proof.drifted_account_ids == ()
        assert proof.transactions > 0
