"""A company or server that runs models."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from services.orchestrator.domain.base_url import BaseUrl


class ProviderFormat(Enum):
    """Wire formats that providers speak."""

    OPENAI = "openai"


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider as everybody may know it: without its credential."""

    provider_id: str
    display_name: str
    format: ProviderFormat
    base_url: BaseUrl
    has_credential: bool
    create_time: datetime

    @property
    def cluster(self) -> str:
        """The name of Envoy's cluster for it."""
        return f"provider-{self.provider_id}"

    @property
    def secret(self) -> str:
        """The name of Envoy's secret that holds its credential."""
        return f"credential-{self.provider_id}"


@dataclass(frozen=True, slots=True)
class SealedCredential:
    """A provider's credential, encrypted for one provider at one origin."""

    nonce: bytes
    ciphertext: bytes
