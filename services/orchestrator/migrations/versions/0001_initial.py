"""Makes providers, models, offers, prices, the routing version and the outbox."""

from alembic import op

revision = "0001"
down_revision = None

# Ids are compared byte by byte ("C"), so that every machine lists and routes in the same order.
TABLES = """
CREATE TABLE provider (
    provider_id text COLLATE "C" PRIMARY KEY,
    display_name text NOT NULL,
    format text NOT NULL CHECK (format IN ('openai')),
    base_url text NOT NULL,
    create_time timestamptz NOT NULL
);
CREATE TABLE provider_credential (
    provider_id text COLLATE "C" PRIMARY KEY REFERENCES provider ON DELETE CASCADE,
    nonce bytea NOT NULL UNIQUE CHECK (length(nonce) = 12),
    ciphertext bytea NOT NULL
);
CREATE TABLE model (
    model_id text COLLATE "C" PRIMARY KEY,
    create_time timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE price (
    version bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    model_id text COLLATE "C" NOT NULL,
    provider_id text COLLATE "C" NOT NULL,
    input_nanos_per_million bigint NOT NULL CHECK (input_nanos_per_million >= 0),
    output_nanos_per_million bigint NOT NULL CHECK (output_nanos_per_million >= 0),
    cached_input_nanos_per_million bigint NOT NULL CHECK (cached_input_nanos_per_million >= 0),
    request_nanos bigint NOT NULL CHECK (request_nanos >= 0),
    create_time timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE offer (
    model_id text COLLATE "C" NOT NULL REFERENCES model,
    provider_id text COLLATE "C" NOT NULL REFERENCES provider ON DELETE CASCADE,
    upstream_model text NOT NULL,
    price_version bigint NOT NULL REFERENCES price,
    priority integer NOT NULL CHECK (priority >= 0),
    max_output_tokens integer NOT NULL CHECK (max_output_tokens > 0),
    PRIMARY KEY (model_id, provider_id)
);
CREATE INDEX offer_by_provider ON offer (provider_id);
CREATE TABLE routing_version (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    version bigint NOT NULL
);
INSERT INTO routing_version (version) VALUES (1);
CREATE TABLE outbox (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    message_id text NOT NULL UNIQUE,
    subject text NOT NULL,
    payload bytea NOT NULL,
    create_time timestamptz NOT NULL DEFAULT now()
)
"""

# A price is never changed or forgotten, so the service may not even if it wanted to.
GRANTS = """
GRANT USAGE ON SCHEMA public TO orchestrator;
GRANT SELECT, INSERT, DELETE ON provider, provider_credential, model TO orchestrator;
GRANT SELECT, INSERT ON price TO orchestrator;
GRANT SELECT, INSERT, UPDATE, DELETE ON offer, outbox TO orchestrator;
GRANT SELECT, UPDATE ON routing_version TO orchestrator
"""


def upgrade() -> None:
    for statement in (TABLES + ";" + GRANTS).split(";"):
        op.execute(statement)
