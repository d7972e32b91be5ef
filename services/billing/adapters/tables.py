"""The tables of billing, as the migrations make them. Amounts are nano-dollars."""

from sqlalchemy import (
    UUID,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Identity,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    func,
)

from services.chassis.outbox import outbox_table

metadata = MetaData()
_now = func.now()

account = Table(
    "account",
    metadata,
    Column("account_id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("posted", BigInteger, nullable=False),
    Column("leased", BigInteger, nullable=False),
)
ledger_transaction = Table(
    "ledger_transaction",
    metadata,
    Column("transaction_id", UUID(as_uuid=False), primary_key=True),
    # Grows within an account in the order of commits: the account is locked meanwhile.
    Column("position", BigInteger, Identity(always=True), nullable=False),
    Column("type", Text, nullable=False),
    Column("account_id", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("reference", UUID(as_uuid=False), nullable=False),
    Column("create_time", DateTime(timezone=True), nullable=False),
    Column("reason", Text, nullable=False),
)
ledger_entry = Table(
    "ledger_entry",
    metadata,
    Column("transaction_id", UUID(as_uuid=False), primary_key=True),
    Column("line", SmallInteger, primary_key=True),
    Column("account_id", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
)
usage_record = Table(
    "usage_record",
    metadata,
    Column("request_id", UUID(as_uuid=False), primary_key=True),
    Column("position", BigInteger, Identity(always=True), nullable=False),
    Column("user_id", Text, nullable=False),
    Column("account_id", Text, nullable=False),
    Column("lease_id", Text, nullable=False),
    Column("hold", BigInteger, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("settle_time", DateTime(timezone=True), server_default=_now, nullable=False),
    # The whole `UsageRecorded`.
    Column("payload", LargeBinary, nullable=False),
)
dead_usage = Table(
    "dead_usage",
    metadata,
    # SHA-256 of the payload: the same record arrives again and is kept once.
    Column("digest", LargeBinary, primary_key=True),
    Column("problem", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("create_time", DateTime(timezone=True), server_default=_now, nullable=False),
)
lease = Table(
    "lease",
    metadata,
    Column("lease_id", Text, primary_key=True),
    Column("account_id", Text, nullable=False),
    Column("instance", Text, nullable=False),
    Column("granted", BigInteger, nullable=False),
    Column("consumed", BigInteger, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("is_open", Boolean, nullable=False),
    Column("expire_time", DateTime(timezone=True), nullable=False),
)
payment = Table(
    "payment",
    metadata,
    Column("payment_id", UUID(as_uuid=False), primary_key=True),
    Column("request_id", UUID(as_uuid=False), nullable=False, unique=True),
    Column("fingerprint", Text, nullable=False),
    Column("account_id", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("transaction_id", UUID(as_uuid=False)),
    Column("decline_code", Text, nullable=False),
    Column("create_time", DateTime(timezone=True), server_default=_now, nullable=False),
)
refund = Table(
    "refund",
    metadata,
    Column("refund_id", UUID(as_uuid=False), primary_key=True),
    Column("request_id", UUID(as_uuid=False), nullable=False, unique=True),
    Column("fingerprint", Text, nullable=False),
    Column("payment_id", UUID(as_uuid=False), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("transaction_id", UUID(as_uuid=False), nullable=False),
    # Whether the processor has said that it paid.
    Column("is_paid", Boolean, nullable=False),
    Column("create_time", DateTime(timezone=True), server_default=_now, nullable=False),
)
outbox = outbox_table(metadata)
