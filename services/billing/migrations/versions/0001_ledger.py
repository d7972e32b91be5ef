"""Make accounts, the ledger, leases, payments, and what guards them."""

from functools import partial
from typing import Any

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Text that identifies is compared byte by byte: every connection locks in the same order.
TABLES = """
CREATE TABLE account (
    account_id text COLLATE "C" PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('user', 'revenue', 'payments')),
    posted bigint NOT NULL DEFAULT 0,
    leased bigint NOT NULL DEFAULT 0 CHECK (leased >= 0)
) WITH (fillfactor = 70);

CREATE TABLE ledger_transaction (
    transaction_id uuid PRIMARY KEY,
    position bigint GENERATED ALWAYS AS IDENTITY,
    type text NOT NULL CHECK (type IN ('payment', 'usage')),
    account_id text COLLATE "C" NOT NULL REFERENCES account,
    amount bigint NOT NULL CHECK (amount <> 0),
    reference uuid NOT NULL,
    create_time timestamptz NOT NULL
);
CREATE INDEX ledger_transaction_of_account ON ledger_transaction (account_id, position);
-- A second wall behind usage_record's key: no request and no payment is booked twice.
CREATE UNIQUE INDEX ledger_transaction_reference ON ledger_transaction (reference, type);

CREATE TABLE ledger_entry (
    transaction_id uuid NOT NULL REFERENCES ledger_transaction,
    line smallint NOT NULL,
    account_id text COLLATE "C" NOT NULL REFERENCES account,
    amount bigint NOT NULL,
    PRIMARY KEY (transaction_id, line)
);

CREATE TABLE usage_record (
    request_id uuid PRIMARY KEY,
    position bigint GENERATED ALWAYS AS IDENTITY,
    user_id text COLLATE "C" NOT NULL,
    account_id text COLLATE "C" NOT NULL,
    lease_id text COLLATE "C" NOT NULL,
    hold bigint NOT NULL,
    amount bigint NOT NULL CHECK (amount BETWEEN 0 AND hold),
    settle_time timestamptz NOT NULL DEFAULT now(),
    payload bytea NOT NULL
);
CREATE INDEX usage_record_of_user ON usage_record (user_id, position);

CREATE TABLE dead_usage (
    digest bytea PRIMARY KEY,
    problem text NOT NULL,
    payload bytea NOT NULL,
    create_time timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE lease (
    lease_id text COLLATE "C" PRIMARY KEY,
    account_id text COLLATE "C" NOT NULL REFERENCES account,
    instance text COLLATE "C" NOT NULL,
    granted bigint NOT NULL CHECK (granted >= 0),
    consumed bigint NOT NULL CHECK (consumed >= 0),
    sequence bigint NOT NULL,
    is_open boolean NOT NULL,
    expire_time timestamptz NOT NULL
);
CREATE UNIQUE INDEX lease_open ON lease (account_id, instance) WHERE is_open;
CREATE INDEX lease_of_instance ON lease (account_id, instance, sequence);
CREATE INDEX lease_expiry ON lease (is_open, expire_time);

CREATE TABLE payment (
    payment_id uuid PRIMARY KEY,
    request_id uuid NOT NULL UNIQUE,
    fingerprint text NOT NULL,
    account_id text COLLATE "C" NOT NULL,
    amount bigint NOT NULL CHECK (amount > 0),
    state text NOT NULL CHECK (state IN ('pending', 'succeeded', 'declined')),
    transaction_id uuid REFERENCES ledger_transaction,
    decline_code text NOT NULL DEFAULT '',
    create_time timestamptz NOT NULL DEFAULT now(),
    CHECK ((state = 'succeeded') = (transaction_id IS NOT NULL))
);

CREATE TABLE outbox (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    message_id text NOT NULL UNIQUE,
    subject text NOT NULL,
    payload bytea NOT NULL,
    create_time timestamptz NOT NULL DEFAULT now()
);
"""

# All entries of a transaction come in one statement: its lines begin with 1 and have no gap, and
# the key keeps a later statement from beginning with 1 again.
BALANCED = """
CREATE FUNCTION refuse_unbalanced() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM entered GROUP BY transaction_id
        HAVING sum(amount) <> 0 OR min(line) <> 1 OR max(line) <> count(*) OR count(*) < 2
    ) THEN
        RAISE EXCEPTION 'the entries of a transaction must come together and add up to zero'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER balanced AFTER INSERT ON ledger_entry REFERENCING NEW TABLE AS entered
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_unbalanced();
ALTER TABLE ledger_entry ENABLE ALWAYS TRIGGER balanced;

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
"""
APPEND_ONLY = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER append_only;
GRANT SELECT, INSERT ON {table} TO billing;
"""
GRANTS = """
GRANT USAGE ON SCHEMA public TO billing;
GRANT SELECT, INSERT ON dead_usage TO billing;
GRANT SELECT, INSERT, UPDATE (posted, leased) ON account TO billing;
GRANT SELECT, INSERT, UPDATE, DELETE ON lease, outbox TO billing;
GRANT SELECT, INSERT, UPDATE (state, transaction_id, decline_code) ON payment TO billing;
INSERT INTO account (account_id, kind)
    VALUES ('system:revenue', 'revenue'), ('system:payments', 'payments');
"""


def upgrade() -> None:
    append_only = [
        APPEND_ONLY.format(table=table)
        for table in ("ledger_transaction", "ledger_entry", "usage_record")
    ]
    for script in (TABLES, BALANCED, *append_only, GRANTS):
        _run(script)


def _run(script: str) -> None:
    # The driver takes several commands at once only from its own connection.
    connection: Any = op.get_bind().connection.dbapi_connection
    connection.run_async(partial(_execute, script=script))


async def _execute(driver: Any, *, script: str) -> None:
    await driver.execute(script)


def downgrade() -> None:
    raise NotImplementedError("books are not unmade")
