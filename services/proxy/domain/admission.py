"""What admission decided about a request, as it is remembered until the request's end."""

from dataclasses import dataclass

from services.kernel.price import Price

CLUSTER_PREFIX = "provider-"


@dataclass(frozen=True, slots=True)
class Hold:
    """An admitted request: who pays, from which lease, how much at most, at which prices."""

    request_id: str
    user_id: str
    account_id: str
    key_id: str
    lease_id: str
    amount: int
    # The path that the client called.
    resource: str
    model: str
    stream: bool
    estimated_input_tokens: int
    # The price at each cluster that the request may be sent to: the price of admission applies.
    prices: tuple[tuple[str, Price], ...]
    # Unix time of admission.
    admitted_at: float

    def price_at(self, cluster: str) -> Price | None:
        """Returns the price of admission at a cluster; None for one it can't have gone to."""
        return next((price for name, price in self.prices if name == cluster), None)
