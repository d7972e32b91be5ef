"""Forged, altered and misused tokens (RFC 8725)."""

import base64
import hmac
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import pytest
from joserfc.jwk import OKPKey

from services.auth.adapters.key_directory import open_keys
from services.chassis import tokens
from services.kernel.caller import Caller, Kind
from tests.contract.auth.client import AuthClient, Person, bearer, code_of, identity_of

UNAUTHENTICATED = grpc.StatusCode.UNAUTHENTICATED
HOUR_SECONDS = 3600


def b64(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def parts(token: str) -> tuple[dict[str, Any], dict[str, Any], str]:
    header, body, signature = token.split(".")
    return _json(header), _json(body), signature


def _json(text: str) -> dict[str, Any]:
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def without_signature(token: str, _key: OKPKey) -> str:
    header, body, _ = parts(token)
    return f"{b64(header | {'alg': 'none'})}.{b64(body)}."


def signed_with_the_public_key(token: str, key: OKPKey) -> str:
    header, body, _ = parts(token)
    content = f"{b64(header | {'alg': 'HS256'})}.{b64(body)}"
    mac = hmac.digest(key.as_pem(private=False), content.encode(), "sha256")
    return f"{content}.{b64(mac)}"


def signed_by_somebody_else(token: str, key: OKPKey) -> str:
    _, body, _ = parts(token)
    stranger = OKPKey.generate_key("Ed25519", parameters={"kid": key.kid or ""})
    return _signed(stranger, body)


def with_a_key_of_its_own(token: str, key: OKPKey) -> str:
    header, body, signature = parts(token)
    stranger = OKPKey.generate_key("Ed25519")
    header["jwk"] = stranger.as_dict(private=False)
    return f"{b64(header)}.{b64(body)}.{signature}"


def promoted(token: str, _key: OKPKey) -> str:
    header, body, signature = parts(token)
    return f"{b64(header)}.{b64(body | {'role': 'operator'})}.{signature}"


def expired(token: str, key: OKPKey) -> str:
    _, body, _ = parts(token)
    return _signed(key, body | {"exp": int(time.time()) - HOUR_SECONDS})


def without_end(token: str, key: OKPKey) -> str:
    _, body, _ = parts(token)
    del body["exp"]
    return _signed(key, body)


def for_somebody_else(token: str, key: OKPKey) -> str:
    _, body, _ = parts(token)
    return _signed(key, body | {"aud": "another"})


def from_somebody_else(token: str, key: OKPKey) -> str:
    _, body, _ = parts(token)
    return _signed(key, body | {"iss": "another"})


def of_another_type(token: str, key: OKPKey) -> str:
    _, body, _ = parts(token)
    return _signed(key, body, kind="JWT")


def an_identity_for_services(token: str, key: OKPKey) -> str:
    _, body, _ = parts(token)
    claims = tokens.Claims(Caller(Kind.USER, body["sub"]), body["exp"])
    return tokens.sign(key, claims, kind=tokens.IDENTITY_TYPE, now=int(time.time()))


def of_no_role(token: str, key: OKPKey) -> str:
    _, body, _ = parts(token)
    return _signed(key, body | {"role": "emperor"})


def cut_short(token: str, _key: OKPKey) -> str:
    return token[:-4]


def nested(token: str, _key: OKPKey) -> str:
    _, body, signature = token.split(".")
    return f"{b64(b'[' * 300)}.{body}.{signature}"


def _signed(key: OKPKey, body: dict[str, Any], *, kind: str = tokens.ACCESS_TYPE) -> str:
    header = b64({"alg": tokens.ALGORITHM, "typ": kind, "kid": key.kid})
    content = f"{header}.{b64(body)}"
    private: Any = key.private_key
    return f"{content}.{b64(private.sign(content.encode()))}"


@pytest.fixture
async def person(auth: AuthClient) -> Person:
    return await auth.person()


@pytest.fixture
def signing_key(auth: AuthClient, auth_folder: Path) -> OKPKey:
    return open_keys(auth_folder / "keys").signing[0]


async def test_the_way_of_signing_used_here_is_otherwise_good(
    auth: AuthClient, person: Person, signing_key: OKPKey
):
    _, body, _ = parts(person.tokens.access_token)
    assert (await auth.me(bearer(_signed(signing_key, body)))).user_id == person.user_id


@pytest.mark.parametrize(
    "forge",
    [
        without_signature,
        signed_with_the_public_key,
        signed_by_somebody_else,
        with_a_key_of_its_own,
        promoted,
        expired,
        without_end,
        for_somebody_else,
        from_somebody_else,
        of_another_type,
        an_identity_for_services,
        of_no_role,
        cut_short,
        nested,
    ],
)
async def test_a_forged_token_is_refused(
    auth: AuthClient, person: Person, signing_key: OKPKey, forge: Callable[[str, OKPKey], str]
):
    forged = forge(person.tokens.access_token, signing_key)
    assert await code_of(auth.me(bearer(forged))) is UNAUTHENTICATED
    answer = await auth.check("/auth/me", authorization=f"Bearer {forged}")
    assert answer.denied_response.status.code == 401


async def test_an_access_token_is_no_identity(auth: AuthClient, person: Person):
    metadata = (("x-aggregator-identity", person.tokens.access_token),)
    assert await code_of(auth.me(metadata)) is UNAUTHENTICATED


async def test_a_refresh_token_is_no_access_token(auth: AuthClient, person: Person):
    assert await code_of(auth.me(bearer(person.tokens.refresh_token))) is UNAUTHENTICATED


async def test_services_verify_with_the_public_keys(auth: AuthClient, person: Person):
    keys = await auth.public_keys()
    now = int(time.time())
    answer = await auth.check("/auth/me", authorization=f"Bearer {person.tokens.access_token}")
    identity = identity_of(answer)
    claims = tokens.verify(identity, keys, kinds=(tokens.IDENTITY_TYPE,), now=now)
    _, body, _ = parts(person.tokens.access_token)
    assert claims.caller == Caller(Kind.USER, person.user_id, session_id=body["sid"])
    assert 50 <= claims.expires_at - now <= 61


async def test_the_public_keys_are_public_only(auth: AuthClient):
    keys = await auth.public_keys()
    assert keys.keys
    assert not any(key.is_private for key in keys.keys)


async def test_an_access_token_lives_ten_minutes(person: Person):
    _, body, _ = parts(person.tokens.access_token)
    assert 590 <= body["exp"] - time.time() <= 601
    assert person.tokens.access_expire_time.seconds == body["exp"]
