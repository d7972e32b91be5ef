"""What billing should do, said once more as simply as possible: one account, plain numbers."""

from dataclasses import dataclass, field


@dataclass
class ModelLease:
    instance: str
    granted: int = 0
    consumed: int = 0
    sequence: int = 0
    is_open: bool = True
    is_due: bool = False

    @property
    def reserved(self) -> int:
        return max(0, self.granted - self.consumed) if self.is_open else 0


@dataclass(frozen=True)
class ModelRecord:
    request_id: str
    lease_id: str
    amount: int


@dataclass
class LedgerModel:
    posted: int = 0
    leases: dict[str, ModelLease] = field(default_factory=dict[str, ModelLease])
    settled: list[ModelRecord] = field(default_factory=list[ModelRecord])
    # What the account gained by refunds and adjustments.
    moved: list[int] = field(default_factory=list[int])
    # What is left of each payment.
    refundable: dict[str, int] = field(default_factory=dict[str, int])

    @property
    def leased(self) -> int:
        return sum(lease.reserved for lease in self.leases.values())

    def open_lease(self, instance: str) -> tuple[str, ModelLease]:
        """The open lease of a proxy, or a fresh one without a name."""
        for lease_id, lease in self.leases.items():
            if lease.instance == instance and lease.is_open:
                return lease_id, lease
        return "", ModelLease(instance)

    def expire(self) -> None:
        for lease in self.leases.values():
            lease.is_open = lease.is_open and not lease.is_due

    def acquire(self, instance: str, named: str, target: int, minimum: int) -> int | None:
        """What the lease should grant, None for a refusal. The caller names a new lease."""
        self.expire()
        lease_id, lease = self.open_lease(instance)
        if named != lease_id:
            known = self.leases.get(named)
            spent = known.consumed if known and known.instance == instance else 0
            target = lease.consumed + max(0, target - spent)
            minimum = lease.consumed + max(0, minimum - spent)
        available = max(0, self.posted - self.leased)
        most = max(lease.granted, lease.consumed) + available
        granted = max(lease.granted, min(max(target, minimum), most))
        return granted if granted >= minimum else None

    def settle(self, records: list[ModelRecord]) -> None:
        for record in records:
            if record.request_id in {known.request_id for known in self.settled}:
                continue
            self.settled.append(record)
            self.posted -= record.amount
            if record.lease_id in self.leases:
                self.leases[record.lease_id].consumed += record.amount

    def move(self, amount: int) -> bool:
        """False when that much can't be taken; then nothing changes, not even leases due."""
        lent = sum(lease.reserved for lease in self.leases.values() if not lease.is_due)
        if amount < 0 and -amount > self.posted - lent:
            return False
        self.expire()
        self.posted += amount
        self.moved.append(amount)
        return True

    def give_back(self, lease_id: str, target: int) -> bool:
        """False for a conflict."""
        self.expire()
        lease = self.leases[lease_id]
        if not lease.is_open:
            return True
        if target < lease.consumed:
            return False
        lease.granted = min(lease.granted, target)
        lease.is_open = lease.granted > lease.consumed
        return True
