"""The caller of the rpc that is being served."""

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar

from services.kernel.caller import ANONYMOUS, Caller

_CALLER: ContextVar[Caller] = ContextVar("caller", default=ANONYMOUS)


def caller() -> Caller:
    """Returns who makes the call that is being served."""
    return _CALLER.get()


@contextmanager
def acting_as(who: Caller) -> Generator[None]:
    """Serves a block on behalf of a caller."""
    token = _CALLER.set(who)
    try:
        yield
    finally:
        _CALLER.reset(token)
