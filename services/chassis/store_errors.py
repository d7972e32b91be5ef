"""What the database's errors mean to callers. Nothing of a driver's own words goes further."""

from collections.abc import Generator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from services.chassis.logs import get_logger
from services.kernel.errors import Conflict, DomainError, InvalidField, Unavailable

log = get_logger()
# SQLSTATE classes: connection lost, no resources, an operator's intervention (shutdown, start).
AWAY_CLASSES = ("08", "53", "57")
# Serialization failure and deadlock: the transaction may simply be tried again.
RETRYABLE = {"40001", "40P01"}
# Text that Postgres can't store: a NUL character.
UNSTORABLE_TEXT = "22021"


@contextmanager
def store_errors() -> Generator[None]:
    """Raises the DomainError that an error of the database stands for, if there is one."""
    try:
        yield
    except (DBAPIError, PoolTimeoutError, OSError, TimeoutError) as error:
        meaning = _meaning(error)
        if meaning is None:
            raise
        raise meaning from None


def _meaning(error: Exception) -> DomainError | None:
    if isinstance(error, DBAPIError):
        sqlstate = str(getattr(error.orig, "sqlstate", None) or "")
        if sqlstate in RETRYABLE:
            return Conflict("Another change came first. Try again.")
        if sqlstate == UNSTORABLE_TEXT:
            return InvalidField("text", "A text contains a character that can't be stored.")
        if not _is_away(error, sqlstate):
            return None
    log.warning("database.unreachable", error=type(error).__name__)
    return Unavailable("The database")


def _is_away(error: DBAPIError, sqlstate: str) -> bool:
    if sqlstate:
        return sqlstate.startswith(AWAY_CLASSES)
    return isinstance(error, InterfaceError | OperationalError) or error.connection_invalidated
