"""Refunds of payments and adjustments of balances, each with its reason."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    ALTER TABLE account
        DROP CONSTRAINT account_kind_check,
        ADD CONSTRAINT account_kind_check
            CHECK (kind IN ('user', 'revenue', 'payments', 'adjustments'))
    """,
    # A default that is a constant does not rewrite the table.
    """
    ALTER TABLE ledger_transaction
        DROP CONSTRAINT ledger_transaction_type_check,
        ADD CONSTRAINT ledger_transaction_type_check
            CHECK (type IN ('payment', 'usage', 'refund', 'adjustment')),
        ADD COLUMN reason text NOT NULL DEFAULT ''
    """,
    """
    CREATE TABLE refund (
        refund_id uuid PRIMARY KEY,
        request_id uuid NOT NULL UNIQUE,
        fingerprint text NOT NULL,
        payment_id uuid NOT NULL REFERENCES payment,
        amount bigint NOT NULL CHECK (amount > 0),
        transaction_id uuid NOT NULL UNIQUE REFERENCES ledger_transaction,
        is_paid boolean NOT NULL,
        create_time timestamptz NOT NULL DEFAULT now()
    )
    """,
    "CREATE INDEX refund_of_payment ON refund (payment_id)",
    "GRANT SELECT, INSERT, UPDATE (is_paid) ON refund TO billing",
    "INSERT INTO account (account_id, kind) VALUES ('system:adjustments', 'adjustments')",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("books are not unmade")
