"""Users, sessions, API keys, revocations and the outbox."""

from alembic import op

revision = "0001"
down_revision = None

TABLES = """
CREATE TABLE users (
    user_id uuid PRIMARY KEY,
    email text NOT NULL UNIQUE,
    role text NOT NULL CHECK (role IN ('user', 'operator')),
    password_hash text NOT NULL,
    create_time timestamptz NOT NULL
);
CREATE INDEX users_operators ON users (user_id) WHERE role = 'operator';

CREATE TABLE failed_logins (
    email_digest bytea PRIMARY KEY,
    failures integer NOT NULL CHECK (failures > 0),
    last_time timestamptz NOT NULL
);
CREATE INDEX failed_logins_by_time ON failed_logins (last_time);

CREATE TABLE sessions (
    session_id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users,
    create_time timestamptz NOT NULL,
    expire_time timestamptz NOT NULL,
    end_time timestamptz
);
CREATE INDEX sessions_by_user ON sessions (user_id, expire_time);

CREATE TABLE refresh_tokens (
    token_hash bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),
    session_id uuid NOT NULL REFERENCES sessions ON DELETE CASCADE,
    create_time timestamptz NOT NULL,
    use_time timestamptz
);
CREATE INDEX refresh_tokens_by_session ON refresh_tokens (session_id);

CREATE TABLE api_keys (
    key_id text PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users,
    display_name text NOT NULL,
    scopes text[] NOT NULL CHECK (cardinality(scopes) > 0),
    mac bytea NOT NULL UNIQUE CHECK (octet_length(mac) = 32),
    pepper_id integer NOT NULL,
    create_time timestamptz NOT NULL,
    expire_time timestamptz,
    revoke_time timestamptz,
    request_id uuid,
    request_digest bytea,
    UNIQUE (user_id, request_id),
    CHECK ((request_id IS NULL) = (request_digest IS NULL))
);
CREATE INDEX api_keys_newest_first ON api_keys (user_id, create_time DESC, key_id DESC);

CREATE TABLE revocations (
    sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key_id text NOT NULL REFERENCES api_keys,
    create_time timestamptz NOT NULL
);

CREATE TABLE outbox (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    message_id text NOT NULL UNIQUE,
    subject text NOT NULL,
    payload bytea NOT NULL,
    create_time timestamptz NOT NULL DEFAULT now()
);
"""

# The log of revocations is only ever added to, and no user or key is ever deleted.
GRANTS = """
GRANT USAGE ON SCHEMA public TO auth;
GRANT SELECT, INSERT ON users, revocations TO auth;
GRANT UPDATE (password_hash) ON users TO auth;
GRANT SELECT, INSERT, UPDATE, DELETE ON failed_logins, sessions, outbox TO auth;
GRANT SELECT, INSERT, UPDATE ON refresh_tokens TO auth;
GRANT SELECT, INSERT ON api_keys TO auth;
GRANT UPDATE (revoke_time) ON api_keys TO auth;
"""


def upgrade() -> None:
    for statement in filter(str.strip, (TABLES + GRANTS).split(";")):
        op.execute(statement)


def downgrade() -> None:
    for table in ("outbox", "revocations", "api_keys", "refresh_tokens", "sessions"):
        op.execute(f"DROP TABLE {table}")
    op.execute("DROP TABLE failed_logins")
    op.execute("DROP TABLE users")
