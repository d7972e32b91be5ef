"""The tables of orchestrator, as its migrations make them."""

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    func,
)

from services.chassis.outbox import outbox_table

metadata = MetaData()

provider = Table(
    "provider",
    metadata,
    Column("provider_id", Text, primary_key=True),
    Column("display_name", Text, nullable=False),
    Column("format", Text, nullable=False),
    Column("base_url", Text, nullable=False),
    Column("create_time", DateTime(timezone=True), nullable=False),
)

provider_credential = Table(
    "provider_credential",
    metadata,
    Column("provider_id", ForeignKey("provider.provider_id", ondelete="CASCADE"), primary_key=True),
    Column("nonce", LargeBinary, nullable=False),
    Column("ciphertext", LargeBinary, nullable=False),
)

model = Table(
    "model",
    metadata,
    Column("model_id", Text, primary_key=True),
    Column("create_time", DateTime(timezone=True), server_default=func.now(), nullable=False),
)

# Without foreign keys: a price outlives its offer, because charges refer to it.
price = Table(
    "price",
    metadata,
    Column("version", BigInteger, Identity(always=True), primary_key=True),
    Column("model_id", Text, nullable=False),
    Column("provider_id", Text, nullable=False),
    Column("input_nanos_per_million", BigInteger, nullable=False),
    Column("output_nanos_per_million", BigInteger, nullable=False),
    Column("cached_input_nanos_per_million", BigInteger, nullable=False),
    Column("request_nanos", BigInteger, nullable=False),
    Column("create_time", DateTime(timezone=True), server_default=func.now(), nullable=False),
)

offer = Table(
    "offer",
    metadata,
    Column("model_id", ForeignKey("model.model_id"), primary_key=True),
    Column("provider_id", ForeignKey("provider.provider_id", ondelete="CASCADE"), primary_key=True),
    Column("upstream_model", Text, nullable=False),
    Column("price_version", ForeignKey("price.version"), nullable=False),
    Column("priority", Integer, nullable=False),
    Column("max_output_tokens", Integer, nullable=False),
)

# One row: it counts the changes, and whoever changes anything locks it first.
routing_version = Table("routing_version", metadata, Column("version", BigInteger, nullable=False))

outbox = outbox_table(metadata)
