"""Makes sure that somebody can run the platform."""

from dataclasses import dataclass
from enum import Enum, auto

from services.auth.domain.user import Role, User, normalise_email
from services.auth.usecases.ports import Begin, Passwords
from services.kernel.clock import Clock
from services.kernel.ids import new_id


class FirstOperator(Enum):
    """How it went."""

    EXISTS = auto()
    CREATED = auto()
    # A user has the address. To promote whoever registered it would give the platform away.
    EMAIL_TAKEN = auto()


@dataclass(frozen=True, slots=True)
class CreateFirstOperator:
    """Creates the first operator if there is none. Any number of instances may try at once."""

    begin: Begin
    passwords: Passwords
    clock: Clock

    async def __call__(self, email: str, *, password: str) -> FirstOperator:
        """Returns how it went."""
        async with self.begin() as tx:
            if await tx.users.has_operator():
                return FirstOperator.EXISTS
        password_hash = await self.passwords.hash(password)
        user = User(new_id(), normalise_email(email), Role.OPERATOR, self.clock.now())
        async with self.begin() as tx:
            if await tx.users.has_operator():
                return FirstOperator.EXISTS
            added = await tx.users.add(user, password_hash=password_hash)
        return FirstOperator.CREATED if added else FirstOperator.EMAIL_TAKEN
