"""One Envoy's conversation over ADS, state of the world: what it asked for, and what it was told.

Envoy acknowledges each answer by asking again with its nonce, and with an error if it refused it.
What was refused is not sent again until it has changed.
"""

from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from services.chassis.logs import get_logger
from services.orchestrator.rpc.envoy_resources import CLUSTER_URL, SERVED, Resource, Resources
from services.orchestrator.rpc.envoy_types import DiscoveryResponse

log = get_logger()
REFUSAL_CHARACTERS_MAX = 500


@dataclass(slots=True)
class _Subscription:
    names: frozenset[str] = frozenset()
    nonce: str = ""
    # What was told last, by name; None before the first answer.
    told: dict[str, bytes] | None = None


@dataclass(slots=True)
class DiscoverySession:
    """Decides which answers a stream needs. It says nothing before it knows the state."""

    resources: Resources | None = None
    subscriptions: dict[str, _Subscription] = field(default_factory=dict[str, _Subscription])
    answers: int = 0

    def hear(self, request: Any) -> list[Any]:
        """Takes a request; returns the answers that it needs."""
        kind: str = request.type_url
        if kind not in SERVED:
            log.debug("discovery.unknown_type", type_url=kind)
            return []
        subscription = self.subscriptions.setdefault(kind, _Subscription())
        if request.HasField("error_detail"):
            message = request.error_detail.message[:REFUSAL_CHARACTERS_MAX]
            log.warning("discovery.refused", type_url=kind, message=message)
        if request.response_nonce not in {"", subscription.nonce}:
            # It crossed a newer answer, which Envoy will acknowledge with what it wants now.
            return []
        subscription.names = frozenset(request.resource_names)
        return self._answer(kind, subscription)

    def learn(self, resources: Resources) -> list[Any]:
        """Takes the new state; returns the answers that make Envoy follow it."""
        self.resources = resources
        return [
            answer
            for kind in SERVED
            if kind in self.subscriptions
            for answer in self._answer(kind, self.subscriptions[kind])
        ]

    def _answer(self, kind: str, subscription: _Subscription) -> list[Any]:
        if self.resources is None:
            return []
        wanted = _wanted(kind, subscription, self.resources)
        state = {name: resource.digest for name, resource in wanted.items()}
        told, subscription.told = subscription.told, state
        if kind == CLUSTER_URL:
            is_news = told != state
        else:
            # An answer removes no secret: Envoy forgets it with the cluster that needed it.
            is_news = not state.items() <= (told or {}).items()
        if not is_news:
            return []
        self.answers += 1
        subscription.nonce = str(self.answers)
        version = f"{self.resources.version}-{_fingerprint(state)}"
        return [
            DiscoveryResponse(
                version_info=version,
                resources=[resource.packed for resource in wanted.values()],
                type_url=kind,
                nonce=subscription.nonce,
            )
        ]


def _wanted(kind: str, subscription: _Subscription, resources: Resources) -> dict[str, Resource]:
    known = resources.by_type[kind]
    if kind == CLUSTER_URL:
        return dict(known)
    return {name: known[name] for name in sorted(subscription.names) if name in known}


def _fingerprint(state: dict[str, bytes]) -> str:
    digest = sha256()
    for name, value in sorted(state.items()):
        digest.update(name.encode() + value)
    return digest.hexdigest()[:12]
