"""Proto <-> domain. Every function is total."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from aggregator.auth.v1 import api_key_service_pb2 as keys_pb2
from aggregator.auth.v1 import identity_service_pb2 as identity_pb2
from aggregator.auth.v1 import verification_service_pb2 as verification_pb2
from google.protobuf.timestamp_pb2 import Timestamp

from services.auth.domain.api_key import ApiKey, KeyRequest
from services.auth.domain.key_text import is_key_id
from services.auth.domain.revocation import Revocations
from services.auth.domain.session import Tokens
from services.auth.domain.user import Role, User
from services.auth.usecases.ports import Position
from services.chassis.page_token import cut, decode_token, encode_token
from services.kernel.errors import InvalidField

ROLES = {
    Role.USER: identity_pb2.ROLE_USER,
    Role.OPERATOR: identity_pb2.ROLE_OPERATOR,
}
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


def from_page_token(token: str) -> Position | None:
    """Returns where a page begins. Raises InvalidField."""
    position = decode_token(token, int, str)
    if position is None:
        return None
    microseconds, key_id = position
    try:
        create_time = _EPOCH + int(microseconds) * _MICROSECOND
    except OverflowError:
        create_time = None
    if create_time is None or not is_key_id(str(key_id)):
        raise InvalidField("page_token", "page_token is not one that a list returned.")
    return Position(create_time, str(key_id))


def to_page(keys: Sequence[ApiKey], *, size: int) -> keys_pb2.ListApiKeysResponse:
    """Returns a page out of keys of which one more was read than the page holds."""
    page, follows = cut(keys, size)
    token = ""
    if follows:
        last = page[-1]
        token = encode_token((last.create_time - _EPOCH) // _MICROSECOND, last.key_id)
    return keys_pb2.ListApiKeysResponse(
        api_keys=[to_api_key(key) for key in page], next_page_token=token
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
        revocations=[verification_pb2.Revocation(key_id=key_id) for key_id in batch.key_ids],
        sequence=batch.sequence,
    )


def to_jwk(key: dict[str, str]) -> verification_pb2.Jwk:
    """Returns a public key, of which only the public parts are known here."""
    return verification_pb2.Jwk(
        kty=key["kty"], crv=key["crv"], x=key["x"], kid=key["kid"], alg="EdDSA", use="sig"
    )


def _time(stamp: Timestamp, *, field: str) -> datetime:
    try:
        return stamp.ToDatetime(UTC)
    except (ValueError, OverflowError):
        raise InvalidField(field, f"{field} is not a time that exists.") from None
