"""What auth tells the rest of the platform."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum


class EventType(Enum):
    """Kinds of events."""

    USER_REGISTERED = "user_registered"
    API_KEY_CREATED = "api_key_created"
    API_KEY_REVOKED = "api_key_revoked"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a user."""

    type: EventType
    user_id: str
    time: datetime
