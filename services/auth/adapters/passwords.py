"""Hashes passwords with argon2id, a few at a time."""

import asyncio
import secrets
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import BoundedSemaphore
from typing import Any, TypeVar

from argon2 import PasswordHasher, Type, extract_parameters
from argon2.exceptions import VerifyMismatchError

from services.kernel.errors import RateLimited

# The floor of OWASP's password storage cheat sheet.
MEMORY_KIB = 19_456
PASSES = 2
LANES = 1
# Each worker fills a core while it hashes; requests that can't start soon are better refused.
WORKERS = 2
QUEUE_MAX = 32

Answer = TypeVar("Answer")


class Argon2Passwords:
    """Implements the port Passwords."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES)
        self._workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="argon2")
        self._places = BoundedSemaphore(WORKERS + QUEUE_MAX)
        # Nobody's password: unknown users are compared with it, which takes as long.
        self._nobody = self._hasher.hash(secrets.token_hex())

    def close(self) -> None:
        """Lets the workers go; what still waits is dropped."""
        self._workers.shutdown(wait=False, cancel_futures=True)

    async def hash(self, password: str) -> str:
        """Returns the hash of a password."""
        return await self._run(lambda: self._hasher.hash(password))

    async def verify(self, password: str, *, password_hash: str | None) -> bool:
        """Compares a password; None stands for an unknown user, takes as long and is False."""
        compared_with = self._nobody if password_hash is None else password_hash
        matches = await self._run(lambda: self._matches(compared_with, password))
        return matches and password_hash is not None

    def is_outdated(self, password_hash: str) -> bool:
        """Says whether a hash is weaker than those that are made today."""
        found = extract_parameters(password_hash)
        is_weak = found.memory_cost < MEMORY_KIB or found.time_cost < PASSES
        return is_weak or found.type is not Type.ID

    def _matches(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except VerifyMismatchError:
            return False

    async def _run(self, work: Callable[[], Answer]) -> Answer:
        if not self._places.acquire(blocking=False):
            raise RateLimited("Too many logins are under way.", retry_after_seconds=1.0)
        future = self._workers.submit(work)
        # The place is free when the work has ended, or was dropped with its caller.
        future.add_done_callback(self._leave)
        return await asyncio.wrap_future(future)

    def _leave(self, _: "Future[Any]") -> None:
        self._places.release()
