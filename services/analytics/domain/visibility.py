"""Whose use a caller may see."""

from services.analytics.domain.facts import EVERYBODY
from services.kernel.caller import Caller
from services.kernel.errors import NotFound


def whose(user_id: str, *, caller: Caller) -> str:
    """Returns whom a question is about, EVERYBODY among them. Raises NotFound.

    A user asks about themselves, an operator about anybody; empty means as much as they may see.
    """
    if not user_id:
        user_id = EVERYBODY if caller.is_operator else "me"
    subject = caller.resolve(user_id)
    if not caller.may_see(subject):
        raise NotFound("user", subject)
    return subject
