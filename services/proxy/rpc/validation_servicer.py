"""Requests judged without being sent."""

from dataclasses import dataclass
from typing import Any

from aggregator.proxy.v1 import validation_service_pb2 as pb2

from services.proxy.rpc.convert_validation import from_validation, to_values
from services.proxy.usecases.validate_request import ValidateRequest


@dataclass(frozen=True, slots=True)
class ValidationServicer:
    """Implements `aggregator.proxy.v1.ValidationService`."""

    validate: ValidateRequest

    async def ValidateRequest(
        self, request: pb2.ValidateRequestRequest, _context: Any
    ) -> pb2.ValidateRequestResponse:
        """Says whether a request is valid, where it would go, and what it can cost."""
        body = to_values(request.body)
        return from_validation(self.validate(body, provider_id=request.provider))
