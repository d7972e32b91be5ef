"""Billing, as the lender of leases."""

import time

import grpc
from aggregator.billing.v1 import lease_service_pb2 as pb2
from aggregator.billing.v1.lease_service_pb2_grpc import LeaseServiceStub

from services.chassis.status import error_info_of
from services.kernel.errors import Conflict, DomainError, InsufficientBalance, Unavailable
from services.proxy.domain.lease import Grant

CALL_SECONDS = 2.0


class BillingLender:
    """Implements the port Lender."""

    def __init__(self, channel: grpc.aio.Channel, *, instance: str) -> None:
        self._billing = LeaseServiceStub(channel)
        self._instance = instance
        self._sequence = 0

    async def acquire(self, account_id: str, *, lease_id: str, target: int, minimum: int) -> Grant:
        """Raises the lease to `target`, at least to `minimum`."""
        request = pb2.AcquireLeaseRequest(
            account_id=account_id,
            instance=self._instance,
            lease_id=lease_id,
            sequence=self._next_sequence(),
            target_granted_nanos=target,
            minimum_granted_nanos=minimum,
        )
        try:
            answer = await self._billing.AcquireLease(request, timeout=CALL_SECONDS)
        except grpc.aio.AioRpcError as error:
            raise _to_domain(error) from None
        return _to_grant(answer.lease)

    async def give_back(self, lease_id: str, *, target: int) -> Grant:
        """Lowers the lease to `target`."""
        request = pb2.ReturnLeaseRequest(
            lease_id=lease_id, sequence=self._next_sequence(), target_granted_nanos=target
        )
        try:
            answer = await self._billing.ReturnLease(request, timeout=CALL_SECONDS)
        except grpc.aio.AioRpcError as error:
            raise _to_domain(error) from None
        return _to_grant(answer.lease)

    def _next_sequence(self) -> int:
        # Made from time, so that it grows over restarts too, even when every file is lost.
        self._sequence = max(self._sequence + 1, time.time_ns() // 1000)
        return self._sequence


def _to_grant(lease: pb2.Lease) -> Grant:
    return Grant(
        lease.lease_id, lease.granted_nanos, lease.consumed_nanos, lease.expire_time.seconds
    )


def _to_domain(error: grpc.aio.AioRpcError) -> DomainError:
    info = error_info_of(error)
    if info and info.reason == InsufficientBalance.reason:
        return InsufficientBalance(error.details() or "", metadata=dict(info.metadata))
    if info and info.reason == Conflict.reason:
        return Conflict(error.details() or "", metadata=dict(info.metadata))
    return Unavailable("The billing service")
