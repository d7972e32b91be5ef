"""What a model costs at a provider, and what a request costs under a price."""

from dataclasses import dataclass

from services.kernel.money import divide_half_even
from services.kernel.usage import TokenUsage

TOKENS_PER_RATE = 1_000_000


@dataclass(frozen=True, slots=True)
class Price:
    """A price version: nano-dollars per million tokens, and per successful request."""

    version: int
    input: int
    output: int
    cached_input: int
    request: int = 0

    def __post_init__(self) -> None:
        """Refuses negative rates."""
        if min(self.input, self.output, self.cached_input, self.request) < 0:
            raise ValueError("a price can't be negative")

    def cost(self, usage: TokenUsage) -> int:
        """Returns the cost in nano-dollars: the exact sum, rounded once, half to even."""
        exact = (
            usage.input * self.input
            + usage.cached_input * self.cached_input
            + usage.output * self.output
        )
        return divide_half_even(exact, TOKENS_PER_RATE) + self.request
