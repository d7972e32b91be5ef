"""Ends many sessions of a user."""

from datetime import datetime

from services.auth.domain.revocation import Revocation
from services.auth.usecases.ports import Transaction


async def end_sessions(tx: Transaction, *, user_id: str, now: datetime, but: str = "") -> int:
    """Ends a user's sessions but one, as the last deed of a transaction; returns how many."""
    ended = await tx.sessions.end_all(user_id, but=but, now=now)
    if ended:
        entries = [Revocation(session_id=session_id) for session_id in ended]
        # Last, because revocations wait for each other from here to the commit.
        await tx.revocations.append(entries, now=now)
    return len(ended)
