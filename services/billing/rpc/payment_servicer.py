"""Implements aggregator.billing.v1.PaymentService."""

from dataclasses import dataclass
from typing import Any

from aggregator.billing.v1 import payment_service_pb2 as pb2

from services.billing.rpc import convert
from services.billing.usecases.process_payment import ProcessPayment
from services.billing.usecases.refund_payment import RefundPayment
from services.chassis.caller import caller


@dataclass(frozen=True, slots=True)
class PaymentServicer:
    """Takes payments and gives them back."""

    process_payment: ProcessPayment
    refund_payment: RefundPayment

    async def ProcessPayment(
        self, request: pb2.ProcessPaymentRequest, _context: Any
    ) -> pb2.ProcessPaymentResponse:
        """Charges a payment method and adds the amount to a balance."""
        payment, transaction = await self.process_payment(caller(), convert.payment_ask(request))
        return convert.payment(payment, transaction)

    async def RefundPayment(
        self, request: pb2.RefundPaymentRequest, _context: Any
    ) -> pb2.RefundPaymentResponse:
        """Gives a payment back, whole or in part."""
        refund, transaction = await self.refund_payment(convert.refund_ask(request))
        return convert.refund(refund, transaction)
