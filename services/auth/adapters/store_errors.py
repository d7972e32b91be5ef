"""Tells a database that is away from one that objects."""

from collections.abc import Generator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from services.chassis.logs import get_logger
from services.kernel.errors import Unavailable

log = get_logger()
# Connection lost, no resources, an operator's intervention (shutdown, start, cancelled statement).
AWAY_CLASSES = ("08", "53", "57")


@contextmanager
def unavailable_when_away() -> Generator[None]:
    """Raises Unavailable for errors that mean that the database can't serve at the moment."""
    try:
        yield
    except (DBAPIError, PoolTimeoutError, OSError, TimeoutError) as error:
        if isinstance(error, DBAPIError) and not _means_away(error):
            raise
        log.warning("store.unreachable", error=type(error).__name__)
        raise Unavailable("The database") from None


def _means_away(error: DBAPIError) -> bool:
    sqlstate = getattr(error.orig, "sqlstate", None)
    if sqlstate is None:
        return isinstance(error, InterfaceError | OperationalError) or error.connection_invalidated
    return str(sqlstate).startswith(AWAY_CLASSES)
