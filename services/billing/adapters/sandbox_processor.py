"""A payment processor for trying things out: no card is charged anywhere, so none is refunded."""

from services.billing.usecases.ports import Charged

SUCCESS = "sandbox_card_success"
DECLINE_CODES = {SUCCESS: "", "sandbox_card_declined": "generic_decline"}


class SandboxProcessor:
    """Implements the port Processor. The payment method says how a charge ends."""

    def knows(self, method: str) -> bool:
        """Says whether it can charge a payment method at all."""
        return method in DECLINE_CODES

    async def charge(self, method: str, *, amount: int, idempotency_key: str) -> Charged:
        """Answers the same for the same method, however often it is asked."""
        del amount, idempotency_key
        return Charged(DECLINE_CODES[method])

    async def refund(self, payment_id: str, *, amount: int, idempotency_key: str) -> None:
        """Accepts every refund."""
        del payment_id, amount, idempotency_key
