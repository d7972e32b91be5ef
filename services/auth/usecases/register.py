"""Creates a user."""

from collections.abc import Container
from dataclasses import dataclass

from services.auth.domain.event import Event, EventType
from services.auth.domain.password import check_password
from services.auth.domain.user import Role, User, normalise_email
from services.auth.usecases.ports import Begin, Passwords
from services.kernel.clock import Clock
from services.kernel.errors import AlreadyExists
from services.kernel.ids import new_id


@dataclass(frozen=True, slots=True)
class Register:
    """Creates a user with a password."""

    begin: Begin
    passwords: Passwords
    common_passwords: Container[str]
    clock: Clock

    async def __call__(self, email: str, *, password: str) -> User:
        """Returns the new user. Raises InvalidField, AlreadyExists, RateLimited."""
        email = normalise_email(email)
        check_password(password, field="password", email=email, common=self.common_passwords)
        password_hash = await self.passwords.hash(password)
        user = User(new_id(), email, Role.USER, self.clock.now())
        async with self.begin() as tx:
            if not await tx.users.add(user, password_hash=password_hash):
                raise AlreadyExists("user", "There is a user with this e-mail address already.")
            event = Event(EventType.USER_REGISTERED, user.user_id, user.create_time)
            await tx.events.publish(event)
        return user
