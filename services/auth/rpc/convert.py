"""Proto <-> domain. Every function is total."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from aggregator.auth.v1 import api_key_service_pb2 as keys_pb2
from aggregator.auth.v1 import identity_service_pb2 as identity_pb2
from aggregator.auth.v1 import verification_service_pb2 as verification_pb2
from google.protobuf.timestamp_pb2 import Timestamp

from services.auth.domain.api_key import ApiKey, KeyRequest, Rotation
from services.auth.domain.key_change import KeyChange
from services.auth.domain.revocation import Revocations
from services.auth.domain.session import Session, Tokens
from services.auth.domain.user import Role, User
from services.auth.usecases.ports import Position
from services.auth.usecases.rotate_api_key import RotatedKey
from services.chassis.page_token import cut, decode_token, encode_token
from services.kernel.errors import InvalidField

ROLES = {
    Role.USER: identity_pb2.ROLE_USER,
    Role.OPERATOR: identity_pb2.ROLE_OPERATOR,
}
CHANGEABLE = ("display_name", "scopes", "expire_time")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_user(user: User) -> identity_pb2.User:
    """Returns a user as the API shows it."""
    return identity_pb2.User(
        user_id=user.user_id,
        email=user.email,
        role=ROLES[user.role],
        create_time=user.create_time,
    )


def to_tokens(tokens: Tokens) -> identity_pb2.Tokens:
    """Returns a session's tokens as the API shows them."""
    return identity_pb2.Tokens(
        access_token=tokens.access_token,
        refresh_token=tokens.refresh_token,
        access_expire_time=tokens.access_expire_time,
        refresh_expire_time=tokens.refresh_expire_time,
    )


def from_create_api_key(request: keys_pb2.CreateApiKeyRequest) -> KeyRequest:
    """Returns what is asked for. Raises InvalidField."""
    expires = request.HasField("expire_time")
    return KeyRequest(
        display_name=request.display_name,
        scopes=tuple(request.scopes),
        expire_time=_time(request.expire_time, field="expire_time") if expires else None,
        request_id=request.request_id.lower(),
    )


def to_api_key(key: ApiKey) -> keys_pb2.ApiKey:
    """Returns a key as the API shows it."""
    return keys_pb2.ApiKey(
        key_id=key.key_id,
        display_name=key.display_name,
        scopes=key.scopes,
        create_time=key.create_time,
        expire_time=key.expire_time,
        revoke_time=key.revoke_time,
    )


def from_update_api_key(request: keys_pb2.UpdateApiKeyRequest) -> KeyChange:
    """Returns what is to change. Raises InvalidField."""
    paths = set(request.update_mask.paths)
    for path in sorted(paths - set(CHANGEABLE)):
        raise InvalidField("update_mask", f"{path!r} is no field of a key that can change.")
    if not request.HasField("update_mask"):
        paths = {field.name for field, _ in request.ListFields()}
    expires = request.HasField("expire_time")
    if "expire_time" in paths and not expires:
        raise InvalidField("expire_time", "A key's expire_time can be set, not taken away.")
    return KeyChange(
        display_name=request.display_name if "display_name" in paths else None,
        scopes=tuple(request.scopes) if "scopes" in paths else None,
        expire_time=(
            _time(request.expire_time, field="expire_time") if "expire_time" in paths else None
        ),
    )


def from_rotate_api_key(request: keys_pb2.RotateApiKeyRequest) -> Rotation:
    """Returns what is asked for."""
    grace = request.grace_period.ToTimedelta()
    return Rotation(request.key_id, grace, request.request_id.lower())


def to_rotated(rotated: RotatedKey) -> keys_pb2.RotateApiKeyResponse:
    """Returns a new key and the one that it replaces."""
    return keys_pb2.RotateApiKeyResponse(
        api_key=to_api_key(rotated.key),
        secret=rotated.text,
        replaced_api_key=to_api_key(rotated.replaced),
    )


def from_page_token(token: str, *, is_known: Callable[[str], bool]) -> Position | None:
    """Returns where a page begins, if its id has the right form. Raises InvalidField."""
    position = decode_token(token, int, str)
    if position is None:
        return None
    microseconds, identifier = position
    try:
        create_time = _EPOCH + int(microseconds) * _MICROSECOND
    except OverflowError:
        create_time = None
    if create_time is None or not is_known(str(identifier)):
        raise InvalidField("page_token", "page_token is not one that a list returned.")
    return Position(create_time, str(identifier))


def to_page(keys: Sequence[ApiKey], *, size: int) -> keys_pb2.ListApiKeysResponse:
    """Returns a page out of keys of which one more was read than the page holds."""
    page, follows = cut(keys, size)
    token = _page_token(page[-1].create_time, page[-1].key_id) if follows else ""
    return keys_pb2.ListApiKeysResponse(
        api_keys=[to_api_key(key) for key in page], next_page_token=token
    )


def to_session(session: Session, *, current: str) -> identity_pb2.Session:
    """Returns a session as the API shows it to the session `current`."""
    return identity_pb2.Session(
        session_id=session.session_id,
        create_time=session.create_time,
        refresh_time=session.refresh_time,
        expire_time=session.expire_time,
        end_time=session.end_time,
        current=session.session_id == current,
    )


def to_session_page(
    sessions: Sequence[Session], *, size: int, current: str
) -> identity_pb2.ListSessionsResponse:
    """Returns a page out of sessions of which one more was read than the page holds."""
    page, follows = cut(sessions, size)
    token = _page_token(page[-1].create_time, page[-1].session_id) if follows else ""
    return identity_pb2.ListSessionsResponse(
        sessions=[to_session(session, current=current) for session in page], next_page_token=token
    )


def to_verdict(key: ApiKey) -> verification_pb2.Verdict:
    """Returns what a key allows. Users pay for themselves: the account is the user."""
    return verification_pb2.Verdict(
        key_id=key.key_id,
        user_id=key.user_id,
        account_id=key.user_id,
        scopes=key.scopes,
        expire_time=key.expire_time,
    )


def to_revocations(batch: Revocations) -> verification_pb2.WatchRevocationsResponse:
    """Returns a batch of revocations."""
    return verification_pb2.WatchRevocationsResponse(
        revocations=[
            verification_pb2.Revocation(
                key_id=entry.key_id, session_id=entry.session_id, changed=entry.changed
            )
            for entry in batch.entries
        ],
        sequence=batch.sequence,
    )


def to_jwk(key: dict[str, str]) -> verification_pb2.Jwk:
    """Returns a public key, of which only the public parts are known here."""
    return verification_pb2.Jwk(
        kty=key["kty"], crv=key["crv"], x=key["x"], kid=key["kid"], alg="EdDSA", use="sig"
    )


def _page_token(create_time: datetime, identifier: str) -> str:
    return encode_token((create_time - _EPOCH) // _MICROSECOND, identifier)


def _time(stamp: Timestamp, *, field: str) -> datetime:
    try:
        return stamp.ToDatetime(UTC)
    except (ValueError, OverflowError):
        raise InvalidField(field, f"{field} is not a time that exists.") from None
