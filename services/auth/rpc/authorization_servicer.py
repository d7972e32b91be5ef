"""Serves Envoy's question about each management request."""

from dataclasses import dataclass
from typing import Any

from services.auth.rpc.edge import from_check, to_answer
from services.auth.usecases.authorize import Authorize


@dataclass(frozen=True, slots=True)
class AuthorizationServicer:
    """Implements `envoy.service.auth.v3.Authorization`."""

    authorize: Authorize

    async def Check(self, request: Any, _context: Any) -> Any:
        """Decides about a request by its headers."""
        question = from_check(request)
        decision = await self.authorize(question.credential, required=question.is_required)
        return to_answer(decision, dialect=question.dialect)
