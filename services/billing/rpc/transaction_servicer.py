"""Implements aggregator.billing.v1.TransactionService."""

from dataclasses import dataclass
from typing import Any

from aggregator.billing.v1 import transaction_service_pb2 as pb2

from services.billing.rpc import convert
from services.billing.usecases.create_transaction import CreateTransaction
from services.billing.usecases.list_transactions import ListTransactions
from services.billing.usecases.list_usage import ListUsage
from services.chassis.caller import caller


@dataclass(frozen=True, slots=True)
class TransactionServicer:
    """Shows what moved an account, and adjusts it."""

    create_transaction: CreateTransaction
    list_transactions: ListTransactions
    list_usage: ListUsage

    async def CreateTransaction(
        self, request: pb2.CreateTransactionRequest, _context: Any
    ) -> pb2.CreateTransactionResponse:
        """Adjusts a user's balance."""
        posted = await self.create_transaction(caller(), convert.adjustment_ask(request))
        return pb2.CreateTransactionResponse(transaction=convert.transaction(posted))

    async def ListTransactions(
        self, request: pb2.ListTransactionsRequest, _context: Any
    ) -> pb2.ListTransactionsResponse:
        """Lists a user's transactions."""
        before = convert.position_of(request.page_token)
        limit = convert.limit_of(request.page_size)
        page = await self.list_transactions(caller(), request.user_id, before=before, limit=limit)
        return convert.transactions(page)

    async def ListUsage(
        self, request: pb2.ListUsageRequest, _context: Any
    ) -> pb2.ListUsageResponse:
        """Lists the terminal records of a user's requests."""
        before = convert.position_of(request.page_token)
        limit = convert.limit_of(request.page_size)
        page = await self.list_usage(caller(), request.user_id, before=before, limit=limit)
        return convert.usage(page)
