"""Serves VerificationService."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from aggregator.auth.v1 import verification_service_pb2 as pb2

from services.auth.rpc.convert import to_revocations, to_verdict
from services.auth.usecases.verify_api_key import VerifyApiKey
from services.auth.usecases.watch_revocations import WatchRevocations


@dataclass(frozen=True, slots=True)
class VerificationServicer:
    """Implements `aggregator.auth.v1.VerificationService`."""

    verify: VerifyApiKey
    watch: WatchRevocations
    public_keys: tuple[pb2.Jwk, ...]

    async def VerifyApiKey(
        self, request: pb2.VerifyApiKeyRequest, _context: Any
    ) -> pb2.VerifyApiKeyResponse:
        """Returns what a key allows."""
        return pb2.VerifyApiKeyResponse(verdict=to_verdict(await self.verify(request.secret)))

    async def WatchRevocations(
        self, request: pb2.WatchRevocationsRequest, _context: Any
    ) -> AsyncIterator[pb2.WatchRevocationsResponse]:
        """Streams revocations."""
        async for batch in self.watch(request.after_sequence):
            yield to_revocations(batch)

    async def GetJwks(self, _request: pb2.GetJwksRequest, _context: Any) -> pb2.GetJwksResponse:
        """Returns the public keys."""
        return pb2.GetJwksResponse(keys=self.public_keys)
