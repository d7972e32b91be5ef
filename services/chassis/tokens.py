"""The platform's own JWTs: who signs them, and how every service verifies them (RFC 8725)."""

from collections.abc import Sequence
from dataclasses import dataclass

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwa import EdDSAAlgorithm
from joserfc.jwk import KeySet, OKPKey
from joserfc.jws import JWSRegistry

from services.kernel.caller import Caller, Kind
from services.kernel.errors import InvalidCredential

ALGORITHM = "EdDSA"
ISSUER = "aggregator"
# An access token is what clients hold; an identity token is what the edge hands to services.
ACCESS_TYPE = "at+jwt"
IDENTITY_TYPE = "aggregator-identity+jwt"
CLOCK_SKEW_SECONDS = 5


class _EdDsa(EdDSAAlgorithm):
    # RFC 9864 renames it to Ed25519; every library knows EdDSA. A warning per token helps nobody.
    security_warning = None


class _Registry(JWSRegistry):
    """Knows one algorithm: nothing that a token says can choose another."""

    algorithms = {ALGORITHM: _EdDsa()}  # noqa: RUF012 - declared so by the library


_REGISTRY = _Registry(algorithms=[ALGORITHM])


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified token says."""

    caller: Caller
    # In seconds since 1970.
    expires_at: int


def sign(key: OKPKey, claims: Claims, *, kind: str, now: int) -> str:
    """Returns a signed token of a kind, ACCESS_TYPE or IDENTITY_TYPE; `now` is Unix time."""
    who = claims.caller
    body: dict[str, object] = {
        "iss": ISSUER,
        "aud": kind,
        "sub": who.user_id,
        "role": who.kind.value,
        "sid": who.session_id,
        "iat": now,
        "exp": claims.expires_at,
    }
    if who.scopes is not None:
        body |= {"scopes": sorted(who.scopes), "key": who.key_id}
    header = {"alg": ALGORITHM, "typ": kind, "kid": key.kid}
    return jwt.encode(header, body, key, registry=_REGISTRY)


def verify(token: str, keys: KeySet, *, kinds: Sequence[str], now: int) -> Claims:
    """Returns what a token says. Raises InvalidCredential unless of `kinds` and in force."""
    try:
        decoded = jwt.decode(token, keys, registry=_REGISTRY)
    except (JoseError, ValueError, KeyError, TypeError):
        raise InvalidCredential from None
    header, body = decoded.header, decoded.claims
    kind = header.get("typ")
    in_force = isinstance(body.get("exp"), int) and body["exp"] + CLOCK_SKEW_SECONDS > now
    ours = body.get("iss") == ISSUER and body.get("aud") == kind and kind in kinds
    if not (in_force and ours and "crit" not in header):
        raise InvalidCredential
    try:
        scopes = frozenset(body["scopes"]) if "scopes" in body else None
        key_id, session_id = str(body.get("key", "")), str(body.get("sid", ""))
        who = Caller(Kind(body["role"]), str(body["sub"]), key_id, scopes, session_id)
    except (KeyError, ValueError, TypeError):
        raise InvalidCredential from None
    return Claims(who, body["exp"])
