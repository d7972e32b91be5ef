"""Proves the books."""

from dataclasses import dataclass

from services.billing.domain.books import TrialBalance
from services.billing.usecases.ports import Begin


@dataclass(frozen=True, slots=True)
class GetTrialBalance:
    """Adds up the ledger and replays it."""

    begin: Begin

    async def __call__(self) -> TrialBalance:
        """Returns the sums, and the accounts that differ from their replay."""
        async with self.begin() as books:
            return await books.ledger.trial_balance()
