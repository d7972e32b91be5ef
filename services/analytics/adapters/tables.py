"""The tables of analytics. `migrations/` creates them."""

from sqlalchemy import BigInteger, Column, DateTime, MetaData, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY

METADATA = MetaData()

SEEN = Table(
    "seen",
    METADATA,
    Column("identity", Text, primary_key=True),
    Column("time", DateTime(timezone=True), nullable=False),
)

USAGE = Table(
    "usage_rollups",
    METADATA,
    # A user, or facts.EVERYBODY.
    Column("user_id", Text, primary_key=True),
    Column("span", Text, primary_key=True),
    Column("start", DateTime(timezone=True), primary_key=True),
    Column("model", Text, primary_key=True),
    Column("provider_id", Text, primary_key=True),
    Column("requests", BigInteger, nullable=False),
    Column("errors", BigInteger, nullable=False),
    Column("input_tokens", BigInteger, nullable=False),
    Column("output_tokens", BigInteger, nullable=False),
    Column("cost_nanos", BigInteger, nullable=False),
    # See packed_histogram.py.
    Column("duration", ARRAY(BigInteger), nullable=False),
    Column("first_byte", ARRAY(BigInteger), nullable=False),
)

EVENTS = Table(
    "event_rollups",
    METADATA,
    Column("user_id", Text, primary_key=True),
    Column("span", Text, primary_key=True),
    Column("start", DateTime(timezone=True), primary_key=True),
    Column("type", Text, primary_key=True),
    Column("count", BigInteger, nullable=False),
)
