"""Decides at the edge whether a request may go on."""

from dataclasses import dataclass

from services.auth.domain.decision import Allowed, Decision, Refused
from services.auth.usecases.identify import Identify
from services.kernel.errors import InvalidCredential, Unavailable


@dataclass(frozen=True, slots=True)
class Authorize:
    """Lets through who shows a good credential, and who shows none where none is needed."""

    identify: Identify

    async def __call__(self, credential: str, *, required: bool) -> Decision:
        """Returns the decision; an empty credential stands for none."""
        if not credential:
            return Refused(InvalidCredential()) if required else Allowed("")
        try:
            return Allowed(await self.identify(credential))
        except (InvalidCredential, Unavailable) as error:
            return Refused(error)
