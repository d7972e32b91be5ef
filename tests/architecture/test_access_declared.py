"""Every rpc of the platform says who may call it, and nothing says it by forgetting."""

from collections.abc import Iterator
from typing import Any

import pytest
from aggregator.access.v1 import access_pb2
from google.api import annotations_pb2
from google.protobuf import descriptor_pb2
from google.protobuf.descriptor import MethodDescriptor

from services.chassis.interceptors.permission import declared_access
from services.chassis.reflection import MESH_PROTOS, mesh_services
from tests.architecture.sources import REPOSITORY

# What keys can be given, `auth.v1.CreateApiKeyRequest.scopes`.
SCOPES = {
    "inference",
    "models.read",
    "billing.read",
    "analytics.read",
    "profile.read",
    "keys.manage",
}
# Rpcs for signed-in users that no API key may call, on purpose. A key that is stolen must not be
# able to do these.
SESSION_ONLY = {
    "/aggregator.auth.v1.IdentityService/Logout",
    "/aggregator.auth.v1.IdentityService/ListSessions",
    "/aggregator.auth.v1.IdentityService/RevokeSession",
    "/aggregator.auth.v1.IdentityService/RevokeAllSessions",
    "/aggregator.auth.v1.IdentityService/ChangePassword",
    "/aggregator.billing.v1.PaymentService/ProcessPayment",
}


def every_method() -> Iterator[MethodDescriptor]:
    for proto in MESH_PROTOS:
        for service in proto.DESCRIPTOR.services_by_name.values():
            yield from service.methods


def access_of(method: MethodDescriptor) -> access_pb2.Access:
    return declared_access(method.containing_service)[path_of(method)]


def path_of(method: MethodDescriptor) -> str:
    return f"/{method.containing_service.full_name}/{method.name}"


METHODS = list(every_method())


def test_the_mesh_lists_every_service_of_the_contracts():
    files = descriptor_pb2.FileDescriptorSet()
    files.ParseFromString((REPOSITORY / "gen" / "descriptor.binpb").read_bytes())
    ours = {
        f"{file.package}.{service.name}"
        for file in files.file
        if file.package.startswith("aggregator.")
        for service in file.service
    }
    assert set(mesh_services()) == ours


@pytest.mark.parametrize("method", METHODS, ids=path_of)
def test_every_rpc_declares_an_audience(method: MethodDescriptor):
    extension: Any = access_pb2.access
    assert method.GetOptions().HasExtension(extension)
    assert access_of(method).audience != access_pb2.AUDIENCE_UNSPECIFIED


@pytest.mark.parametrize("method", METHODS, ids=path_of)
def test_an_rpc_for_users_has_a_scope_or_is_meant_to_have_none(method: MethodDescriptor):
    access = access_of(method)
    if access.audience == access_pb2.AUDIENCE_USER:
        assert bool(access.scope) != (path_of(method) in SESSION_ONLY)
        assert access.scope in SCOPES | {""}
    else:
        assert not access.scope, "only users' rpcs are called with API keys"


def test_what_is_meant_to_have_no_scope_exists():
    assert {path_of(method) for method in METHODS} >= SESSION_ONLY


@pytest.mark.parametrize("method", METHODS, ids=path_of)
def test_what_the_mesh_keeps_to_itself_has_no_address_at_the_edge(method: MethodDescriptor):
    extension: Any = annotations_pb2.http
    if access_of(method).audience == access_pb2.AUDIENCE_MESH:
        assert not method.GetOptions().HasExtension(extension)
