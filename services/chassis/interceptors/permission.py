"""Lets a call pass only if its proto says that such a caller may make it."""

from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aggregator.access.v1 import access_pb2
from google.protobuf import descriptor_pool
from google.protobuf.descriptor import ServiceDescriptor

from services.chassis.caller import caller
from services.chassis.interceptors.pipeline import Call
from services.kernel.caller import Caller, Kind
from services.kernel.errors import InvalidCredential, PermissionDenied

# Protocols of others, which carry no declaration of ours. The mesh secret guards those that matter.
FOREIGN: Mapping[str, access_pb2.Audience] = {
    "grpc.health.v1.Health": access_pb2.AUDIENCE_PUBLIC,
    "grpc.reflection.v1alpha.ServerReflection": access_pb2.AUDIENCE_PUBLIC,
    "grpc.reflection.v1.ServerReflection": access_pb2.AUDIENCE_PUBLIC,
    "envoy.service.auth.v3.Authorization": access_pb2.AUDIENCE_MESH,
    "envoy.service.discovery.v3.AggregatedDiscoveryService": access_pb2.AUDIENCE_MESH,
}


class UndeclaredAccess(Exception):
    """An rpc does not say who may call it; a service that has one must not start."""


def declared_access(service: ServiceDescriptor) -> dict[str, access_pb2.Access]:
    """Returns who may call each rpc of a service, by method path. Raises UndeclaredAccess."""
    table: dict[str, access_pb2.Access] = {}
    for method in service.methods:
        path = f"/{service.full_name}/{method.name}"
        extension: Any = access_pb2.access  # protoc's stub calls it a bare FieldDescriptor
        access: access_pb2.Access = method.GetOptions().Extensions[extension]
        if access.audience == access_pb2.AUDIENCE_UNSPECIFIED:
            raise UndeclaredAccess(f"{path} does not declare who may call it")
        table[path] = access
    return table


def require_declarations(services: Iterable[str]) -> None:
    """Raises UndeclaredAccess unless every rpc of the services says who may call it."""
    for name in services:
        if name not in FOREIGN:
            declared_access(descriptor_pool.Default().FindServiceByName(name))


class Permission:
    """Checks the audience and the scope that the proto declares."""

    def __init__(self) -> None:
        self._table: dict[str, access_pb2.Access] = {}

    @asynccontextmanager
    async def around(self, call: Call) -> AsyncGenerator[None]:
        """Runs the call if its caller may make it."""
        check_access(caller(), self._access(call.method))
        yield

    def _access(self, method: str) -> access_pb2.Access:
        access = self._table.get(method)
        if access is None:
            service = method[1:].rsplit("/", 1)[0]
            if service in FOREIGN:
                self._table[method] = access_pb2.Access(audience=FOREIGN[service])
            else:
                descriptor = descriptor_pool.Default().FindServiceByName(service)
                self._table.update(declared_access(descriptor))
            access = self._table[method]
        return access


def check_access(who: Caller, access: access_pb2.Access) -> None:
    """Raises InvalidCredential for nobody, PermissionDenied for somebody who may not."""
    if access.audience == access_pb2.AUDIENCE_PUBLIC:
        return
    if who.kind is Kind.ANONYMOUS:
        raise InvalidCredential
    if access.audience == access_pb2.AUDIENCE_MESH:
        allowed = who.kind is Kind.SERVICE
    elif access.audience == access_pb2.AUDIENCE_OPERATOR:
        allowed = who.is_operator
    else:
        in_scope = who.scopes is None or (bool(access.scope) and who.holds(access.scope))
        allowed = who.kind in {Kind.USER, Kind.OPERATOR} and in_scope
    if not allowed:
        metadata = {"scope": access.scope} if access.scope else {}
        raise PermissionDenied("The credential does not allow this call.", metadata=metadata)
