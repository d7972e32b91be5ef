"""Implements aggregator.billing.v1.LeaseService."""

from dataclasses import dataclass
from typing import Any

from aggregator.billing.v1 import lease_service_pb2 as pb2

from services.billing.rpc import convert
from services.billing.usecases.acquire_lease import AcquireLease
from services.billing.usecases.return_lease import ReturnLease


@dataclass(frozen=True, slots=True)
class LeaseServicer:
    """Lends parts of balances to proxies."""

    acquire_lease: AcquireLease
    return_lease: ReturnLease

    async def AcquireLease(
        self, request: pb2.AcquireLeaseRequest, _context: Any
    ) -> pb2.AcquireLeaseResponse:
        """Raises what a lease grants."""
        return convert.grant(await self.acquire_lease(convert.lease_ask(request)))

    async def ReturnLease(
        self, request: pb2.ReturnLeaseRequest, _context: Any
    ) -> pb2.ReturnLeaseResponse:
        """Lowers what a lease grants."""
        target = request.target_granted_nanos
        lease = await self.return_lease(request.lease_id, sequence=request.sequence, target=target)
        return pb2.ReturnLeaseResponse(lease=convert.lease(lease))
