"""Everything that Envoy can subscribe to, out of a snapshot."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256

from google.protobuf import any_pb2

from services.orchestrator.domain.provider import Provider
from services.orchestrator.domain.snapshot import Snapshot
from services.orchestrator.rpc.envoy_types import CLUSTER, PREFIX, SECRET, pack

CLUSTER_URL = PREFIX + CLUSTER
SECRET_URL = PREFIX + SECRET
# Clusters first: Envoy subscribes to a secret once it knows the cluster that needs it.
SERVED = (CLUSTER_URL, SECRET_URL)
MakeCluster = Callable[[Provider], any_pb2.Any]


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource, and what tells whether it has changed."""

    # Secrets are in there.
    packed: any_pb2.Any
    digest: bytes

    def __repr__(self) -> str:
        return f"Resource({self.packed.type_url})"


@dataclass(frozen=True, slots=True)
class Resources:
    """The resources of a snapshot, by type URL and name."""

    version: int
    by_type: Mapping[str, Mapping[str, Resource]]


def make_resources(snapshot: Snapshot, *, make_cluster: MakeCluster) -> Resources:
    """Returns the clusters and credentials of a snapshot."""
    clusters = {each.cluster: _resource(make_cluster(each)) for each in snapshot.providers}
    secrets = {
        each.secret: _resource(_secret(each.secret, snapshot.credentials[each.provider_id]))
        for each in snapshot.providers
        if each.provider_id in snapshot.credentials
    }
    return Resources(snapshot.version, {CLUSTER_URL: clusters, SECRET_URL: secrets})


def _secret(name: str, credential: str) -> any_pb2.Any:
    value = {"inline_string": f"Bearer {credential}"}
    return pack(SECRET, {"name": name, "generic_secret": {"secret": value}})


def _resource(packed: any_pb2.Any) -> Resource:
    return Resource(packed, sha256(packed.value).digest())
