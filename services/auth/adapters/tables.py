"""The tables of auth."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Identity,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import ARRAY

from services.chassis.outbox import outbox_table

METADATA = MetaData()
ID = Uuid(as_uuid=False)
_TIME = DateTime(timezone=True)

USERS = Table(
    "users",
    METADATA,
    Column("user_id", ID, primary_key=True),
    Column("email", Text, nullable=False, unique=True),
    Column("role", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("create_time", _TIME, nullable=False),
)
FAILED_LOGINS = Table(
    "failed_logins",
    METADATA,
    # SHA-256 of the address: attackers may send any text, also such that Postgres can't hold.
    Column("email_digest", LargeBinary, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last_time", _TIME, nullable=False),
)
SESSIONS = Table(
    "sessions",
    METADATA,
    Column("session_id", ID, primary_key=True),
    Column("user_id", ID, nullable=False),
    Column("create_time", _TIME, nullable=False),
    Column("expire_time", _TIME, nullable=False),
    Column("end_time", _TIME),
    Column("refresh_time", _TIME),
)
REFRESH_TOKENS = Table(
    "refresh_tokens",
    METADATA,
    Column("token_hash", LargeBinary, primary_key=True),
    Column("session_id", ID, nullable=False),
    Column("create_time", _TIME, nullable=False),
    Column("use_time", _TIME),
)
API_KEYS = Table(
    "api_keys",
    METADATA,
    Column("key_id", Text, primary_key=True),
    Column("user_id", ID, nullable=False),
    Column("display_name", Text, nullable=False),
    Column("scopes", ARRAY(Text), nullable=False),
    Column("mac", LargeBinary, nullable=False, unique=True),
    Column("pepper_id", Integer, nullable=False),
    Column("create_time", _TIME, nullable=False),
    Column("expire_time", _TIME),
    Column("revoke_time", _TIME),
    Column("request_id", ID),
    Column("request_digest", LargeBinary),
)
REVOCATIONS = Table(
    "revocations",
    METADATA,
    Column("sequence", BigInteger, Identity(always=True), primary_key=True),
    # One of the two says whom it is about.
    Column("key_id", Text),
    Column("session_id", ID),
    Column("changed", Boolean, nullable=False),
    Column("create_time", _TIME, nullable=False),
)
OUTBOX = outbox_table(METADATA)
