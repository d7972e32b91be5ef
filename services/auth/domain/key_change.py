"""Changes of API keys that exist."""

from dataclasses import dataclass, replace
from datetime import datetime

from services.auth.domain.api_key import ApiKey, check_display_name, check_scopes_held
from services.kernel.caller import Caller
from services.kernel.errors import InvalidField


@dataclass(frozen=True, slots=True)
class KeyChange:
    """What somebody wants to be different about a key; None leaves it as it is."""

    display_name: str | None = None
    scopes: tuple[str, ...] | None = None
    expire_time: datetime | None = None


def apply_change(key: ApiKey, change: KeyChange, *, by: Caller) -> ApiKey:
    """Returns the key as it is to be. Raises InvalidField, PermissionDenied."""
    if change.display_name is not None:
        check_display_name(change.display_name)
        key = replace(key, display_name=change.display_name)
    if change.scopes is not None:
        key = replace(key, scopes=_scopes(key, change.scopes, by=by))
    if change.expire_time is not None:
        key = replace(key, expire_time=_sooner(key, change.expire_time))
    return key


def _scopes(key: ApiKey, asked: tuple[str, ...], *, by: Caller) -> tuple[str, ...]:
    if not asked:
        raise InvalidField("scopes", "A key needs one scope at least; revoke it to take away all.")
    # Scopes that the key has already are not given by whoever leaves them there.
    check_scopes_held([scope for scope in asked if scope not in key.scopes], by=by)
    return asked


def _sooner(key: ApiKey, asked: datetime) -> datetime:
    # Caches may hold on to a refusal: a key that has ended must not come back to life.
    if key.expire_time is not None and asked > key.expire_time:
        message = "A key's expire_time can be brought forward, not put off. Rotate or create a key."
        raise InvalidField("expire_time", message)
    return asked
