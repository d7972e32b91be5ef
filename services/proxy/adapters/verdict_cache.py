"""Verdicts in memory, forgotten as soon as auth revokes them.

As long as auth's feed of revocations gives signs of life, a verdict is good until it is revoked.
When the feed is silent, verdicts stay good for a grace time; after it nobody is let in.
"""

import asyncio
import hashlib
import time
from collections import OrderedDict
from typing import TypeVar

import grpc
from aggregator.auth.v1 import verification_service_pb2 as pb2
from aggregator.auth.v1.verification_service_pb2_grpc import VerificationServiceStub

from services.chassis.logs import get_logger
from services.kernel.api_key import is_well_formed
from services.kernel.errors import InvalidCredential, Unavailable
from services.proxy.domain.verdict import Verdict

log = get_logger()
ENTRIES_MAX = 100_000
# The worst-case time that a revoked key works while proxy and auth can't reach each other.
GRACE_SECONDS = 120.0
REFUSED_SECONDS = 60.0
VERDICT_SECONDS = 3600.0
FEED_SILENCE_SECONDS = 5.0
RECONNECT_SECONDS = 0.2


class VerdictCache:
    """Implements the port Verdicts. Entries are found by the hash of the whole credential."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._auth = VerificationServiceStub(channel)
        self._verdicts: OrderedDict[bytes, tuple[Verdict, float]] = OrderedDict()
        self._refused: OrderedDict[bytes, float] = OrderedDict()
        self._by_key: dict[str, bytes] = {}
        self._revoked: OrderedDict[str, None] = OrderedDict()
        self._changes = 0
        self._sequence = 0
        self._alive_at = float("-inf")

    def known(self, secret: str) -> Verdict | None:
        """Returns the verdict in memory; None when auth must be asked. Raises InvalidCredential."""
        if not is_well_formed(secret):
            raise InvalidCredential
        digest = _digest(secret)
        now = time.monotonic()
        entry = self._verdicts.get(digest)
        if entry:
            verdict, asked_at = entry
            if now - self._alive_at > GRACE_SECONDS or now - asked_at > VERDICT_SECONDS:
                return None
            return verdict
        refused_at = self._refused.get(digest)
        if refused_at is not None and now - refused_at < REFUSED_SECONDS:
            raise InvalidCredential
        return None

    async def ask(self, secret: str) -> Verdict:
        """Asks auth. Raises InvalidCredential or Unavailable."""
        changes = self._changes
        try:
            answer = await self._auth.VerifyApiKey(pb2.VerifyApiKeyRequest(secret=secret))
        except grpc.aio.AioRpcError as error:
            if error.code() is grpc.StatusCode.UNAUTHENTICATED:
                _remember(self._refused, _digest(secret), time.monotonic())
                raise InvalidCredential from None
            raise Unavailable("The authentication service") from None
        verdict = _to_domain(answer.verdict)
        if verdict.key_id in self._revoked:
            # The answer was on its way when the revocation overtook it.
            raise InvalidCredential
        if changes != self._changes:
            # The answer may be older than the change: good enough for now, but not to remember.
            return verdict
        digest = _digest(secret)
        _remember(self._verdicts, digest, (verdict, time.monotonic()))
        self._by_key[verdict.key_id] = digest
        if len(self._by_key) > 2 * ENTRIES_MAX:
            self._by_key = {v.key_id: d for d, (v, _) in self._verdicts.items()}
        return verdict

    async def watch(self) -> None:
        """Follows auth's revocations for ever."""
        while True:
            try:
                await self._follow()
            except (grpc.aio.AioRpcError, TimeoutError) as error:
                log.warning("revocations.interrupted", error=type(error).__name__)
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _follow(self) -> None:
        request = pb2.WatchRevocationsRequest(after_sequence=self._sequence)
        feed = aiter(self._auth.WatchRevocations(request))
        while True:
            async with asyncio.timeout(FEED_SILENCE_SECONDS):
                batch = await anext(feed, None)
            if batch is None:
                return
            for revocation in batch.revocations:
                self._forget(revocation)
            self._sequence = max(self._sequence, batch.sequence)
            self._alive_at = time.monotonic()

    def _forget(self, revocation: pb2.Revocation) -> None:
        if not revocation.key_id:
            # It is about a session, and verdicts are about keys.
            return
        if revocation.changed:
            self._changes += 1
        else:
            _remember(self._revoked, revocation.key_id, None)
        digest = self._by_key.pop(revocation.key_id, None)
        if digest is not None:
            self._verdicts.pop(digest, None)


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


def _remember(entries: OrderedDict[_Key, _Value], key: _Key, value: _Value) -> None:
    entries[key] = value
    if len(entries) > ENTRIES_MAX:
        entries.popitem(last=False)


def _to_domain(verdict: pb2.Verdict) -> Verdict:
    return Verdict(
        key_id=verdict.key_id,
        user_id=verdict.user_id,
        account_id=verdict.account_id,
        scopes=frozenset(verdict.scopes),
        expires_at=verdict.expire_time.seconds if verdict.HasField("expire_time") else None,
    )
