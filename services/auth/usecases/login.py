"""Signs a user in."""

from dataclasses import dataclass

from services.auth.domain.login_backoff import WINDOW, check_wait
from services.auth.domain.session import SESSION_LIFE, Session, Tokens
from services.auth.domain.user import Account, User, normalise_email
from services.auth.usecases.issue_tokens import IssueTokens
from services.auth.usecases.ports import Begin, Passwords
from services.kernel.clock import Clock
from services.kernel.errors import InvalidCredential
from services.kernel.ids import new_id


@dataclass(frozen=True, slots=True)
class Login:
    """Exchanges e-mail address and password for the tokens of a new session."""

    begin: Begin
    passwords: Passwords
    issue: IssueTokens
    clock: Clock

    async def __call__(self, email: str, *, password: str) -> tuple[Tokens, User]:
        """Returns tokens and user. Raises InvalidCredential, RateLimited."""
        email = normalise_email(email)
        account = await self._find(email)
        known_hash = account.password_hash if account else None
        matches = await self.passwords.verify(password, password_hash=known_hash)
        if account is None or not matches:
            async with self.begin() as tx:
                await tx.failed_logins.add(email, now=self.clock.now(), window=WINDOW)
            raise InvalidCredential("The e-mail address or the password is wrong.")
        newer_hash = None
        if self.passwords.is_outdated(account.password_hash):
            newer_hash = await self.passwords.hash(password)
        tokens = await self._open_session(account, newer_hash=newer_hash)
        if tokens is None:
            return await self(email, password=password)
        return tokens, account.user

    async def _find(self, email: str) -> Account | None:
        async with self.begin() as tx:
            failures = await tx.failed_logins.get(email)
            account = await tx.users.find(email)
        check_wait(failures, now=self.clock.now())
        return account

    async def _open_session(self, account: Account, *, newer_hash: str | None) -> Tokens | None:
        now, user = self.clock.now(), account.user
        session = Session(new_id(), user.user_id, now, now + SESSION_LIFE)
        async with self.begin() as tx:
            if await tx.users.lock(user.user_id) != account:
                # The hash was replaced while it was compared: the password may be another now.
                return None
            await tx.failed_logins.clear(user.email)
            if newer_hash is not None:
                await tx.users.set_password_hash(user.user_id, password_hash=newer_hash)
            await tx.sessions.add(session)
            return await self.issue(tx, session=session, user=user, now=now)
