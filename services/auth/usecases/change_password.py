"""Replaces a user's password."""

from collections.abc import Container
from dataclasses import dataclass

from services.auth.domain.login_backoff import WINDOW, check_wait
from services.auth.domain.password import check_password
from services.auth.domain.user import Account
from services.auth.usecases.end_sessions import end_sessions
from services.auth.usecases.ports import Begin, Passwords
from services.kernel.caller import Caller
from services.kernel.clock import Clock
from services.kernel.errors import Conflict, InvalidField, NotFound


@dataclass(frozen=True, slots=True)
class ChangePassword:
    """Replaces the caller's password, and ends the sessions that the old one may have opened."""

    begin: Begin
    passwords: Passwords
    common_passwords: Container[str]
    clock: Clock

    async def __call__(self, caller: Caller, *, current: str, new: str) -> int:
        """Returns how many other sessions have ended. Raises InvalidField, RateLimited."""
        account = await self._find(caller)
        email = account.user.email
        check_password(new, field="new_password", email=email, common=self.common_passwords)
        if not await self.passwords.verify(current, password_hash=account.password_hash):
            async with self.begin() as tx:
                await tx.failed_logins.add(email, now=self.clock.now(), window=WINDOW)
            raise InvalidField("current_password", "The current password is wrong.")
        new_hash = await self.passwords.hash(new)
        async with self.begin() as tx:
            if await tx.users.lock(caller.user_id) != account:
                raise Conflict("The password was changed in the meantime. Try again.")
            await tx.users.set_password_hash(caller.user_id, password_hash=new_hash)
            await tx.failed_logins.clear(email)
            now = self.clock.now()
            return await end_sessions(tx, user_id=caller.user_id, but=caller.session_id, now=now)

    async def _find(self, caller: Caller) -> Account:
        async with self.begin() as tx:
            user = await tx.users.get(caller.user_id)
            account = await tx.users.find(user.email) if user else None
            failures = await tx.failed_logins.get(user.email) if user else None
        if account is None:
            raise NotFound("user", caller.user_id)
        check_wait(failures, now=self.clock.now())
        return account
