"""The proof of the books."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TrialBalance:
    """What the whole ledger adds up to."""

    # The sum of all entries in nano-dollars; 0 unless the ledger is broken.
    total: int
    entries: int
    transactions: int
    usage_records: int
    # Accounts whose stored amounts differ from the replay of their entries and leases.
    drifted_account_ids: tuple[str, ...]
