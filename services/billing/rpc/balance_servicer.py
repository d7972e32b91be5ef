"""Implements aggregator.billing.v1.BalanceService."""

from dataclasses import dataclass
from typing import Any

from aggregator.billing.v1 import balance_service_pb2 as pb2

from services.billing.rpc import convert
from services.billing.usecases.get_balance import GetBalance
from services.billing.usecases.get_trial_balance import GetTrialBalance
from services.chassis.caller import caller


@dataclass(frozen=True, slots=True)
class BalanceServicer:
    """Tells what accounts hold."""

    get_balance: GetBalance
    get_trial_balance: GetTrialBalance

    async def GetBalance(
        self, request: pb2.GetBalanceRequest, _context: Any
    ) -> pb2.GetBalanceResponse:
        """Returns a user's balance."""
        return convert.balance(await self.get_balance(caller(), request.user_id))

    async def GetTrialBalance(
        self, _request: pb2.GetTrialBalanceRequest, _context: Any
    ) -> pb2.GetTrialBalanceResponse:
        """Proves the books."""
        return convert.trial_balance(await self.get_trial_balance())
