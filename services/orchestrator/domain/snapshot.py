"""Everything that is routed by, at one moment."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.orchestrator.domain.offer import Offer
from services.orchestrator.domain.provider import Provider


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The whole state at a version. The version grows with each change."""

    version: int
    providers: tuple[Provider, ...]
    offers: tuple[Offer, ...]
    # By provider id. In plain text: Envoy needs them. Never printed.
    credentials: Mapping[str, str] = field(repr=False)

    def keeping(self, previous: "Snapshot") -> "Snapshot":
        """Returns this snapshot with the providers that it dropped since the previous one."""
        present = {provider.provider_id for provider in self.providers}
        dropped = [each for each in previous.providers if each.provider_id not in present]
        if not dropped:
            return self
        kept = {
            each.provider_id: previous.credentials[each.provider_id]
            for each in dropped
            if each.provider_id in previous.credentials
        }
        providers = (*self.providers, *dropped)
        return Snapshot(self.version, providers, self.offers, {**kept, **self.credentials})
