"""Revocations of sessions and changes of keys; when a session was last refreshed."""

from alembic import op

revision = "0002"
down_revision = "0001"

STATEMENTS = (
    "ALTER TABLE sessions ADD COLUMN refresh_time timestamptz",
    """
    UPDATE sessions SET refresh_time = latest.use_time
    FROM (
        SELECT session_id, max(use_time) AS use_time FROM refresh_tokens GROUP BY session_id
    ) AS latest
    WHERE latest.session_id = sessions.session_id
    """,
    # A session is deleted some time after its end, so nothing refers to it.
    """
    ALTER TABLE revocations
        ALTER COLUMN key_id DROP NOT NULL,
        ADD COLUMN session_id uuid,
        ADD COLUMN changed boolean NOT NULL DEFAULT false,
        ADD CHECK (num_nonnulls(key_id, session_id) = 1),
        ADD CHECK (key_id IS NOT NULL OR NOT changed)
    """,
    "GRANT UPDATE (display_name, scopes, expire_time) ON api_keys TO auth",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("REVOKE UPDATE (display_name, scopes, expire_time) ON api_keys FROM auth")
    op.execute("DELETE FROM revocations WHERE key_id IS NULL OR changed")
    op.execute("ALTER TABLE revocations DROP COLUMN changed, DROP COLUMN session_id")
    op.execute("ALTER TABLE revocations ALTER COLUMN key_id SET NOT NULL")
    op.execute("ALTER TABLE sessions DROP COLUMN refresh_time")
