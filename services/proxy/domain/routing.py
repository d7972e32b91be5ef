"""Where requests for a model may go."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.kernel.errors import NotFound
from services.kernel.price import Price


@dataclass(frozen=True, slots=True)
class Target:
    """A provider that a request may be sent to."""

    provider_id: str
    # The name of Envoy's cluster.
    cluster: str
    # The path prefix of the provider's API, for example `/v1`.
    base_path: str
    # What the provider calls the model.
    upstream_model: str
    price: Price
    max_output_tokens: int


@dataclass(frozen=True, slots=True)
class RoutingTable:
    """The providers of every model, first choice first."""

    version: int = 0
    routes: Mapping[str, tuple[Target, ...]] = field(default_factory=dict[str, tuple[Target, ...]])
    provider_ids: frozenset[str] = frozenset()

    def targets(self, model: str, *, provider_id: str = "") -> tuple[Target, ...]:
        """Returns where a request goes, in order; only to one provider when the path pins it.

        Raises NotFound for a provider or model that nobody offers.
        """
        if provider_id and provider_id not in self.provider_ids:
            raise NotFound("provider", provider_id)
        targets = self.routes.get(model, ())
        if provider_id:
            targets = tuple(target for target in targets if target.provider_id == provider_id)
        if not targets:
            raise NotFound("model", model)
        return targets
