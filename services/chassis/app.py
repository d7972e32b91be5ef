"""What a service consists of, once it is wired."""

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

import grpc

from services.chassis.authenticator import Authenticator


@dataclass(frozen=True, slots=True)
class Servicer:
    """An implementation of a grpc service and the generated function that registers it."""

    # For example `aggregator.auth.v1.IdentityService`.
    name: str
    implementation: Any
    register: Callable[[Any, grpc.aio.Server], None]


@dataclass(frozen=True, slots=True)
class App:
    """A wired service, ready to run."""

    authenticator: Authenticator
    servicers: tuple[Servicer, ...]
    # Run side by side until the service stops; one that ends or raises ends the service.
    background: tuple[Callable[[], Coroutine[Any, Any, None]], ...] = ()
    # Awaited one after the other before the service says that it serves. Each has its own deadline.
    ready: tuple[Callable[[], Awaitable[None]], ...] = field(default=())
