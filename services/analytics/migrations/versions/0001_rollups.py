"""What was counted, and the counts."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# The layout of domain/histogram.py. Another layout needs other columns.
BUCKETS = 184


def upgrade() -> None:
    op.execute("""
        CREATE TABLE seen (
            identity text PRIMARY KEY,
            time timestamptz NOT NULL
        )
    """)
    # Rows come in the order of their time, so that a summary per block range is enough.
    op.execute("CREATE INDEX seen_time ON seen USING brin (time)")
    # Histograms add up bucket by bucket.
    op.execute("""
        CREATE FUNCTION add_counts(bigint[], bigint[]) RETURNS bigint[]
        LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
        RETURN ARRAY(
            SELECT a + b FROM unnest($1, $2) WITH ORDINALITY AS pair (a, b, bucket) ORDER BY bucket
        )
    """)
    op.execute("""
        CREATE AGGREGATE sum_counts(bigint[]) (
            SFUNC = add_counts, STYPE = bigint[], COMBINEFUNC = add_counts, PARALLEL = SAFE
        )
    """)
    op.execute(f"""
        CREATE TABLE usage_rollups (
            user_id text NOT NULL,
            span text NOT NULL CHECK (span IN ('minute', 'hour', 'day')),
            start timestamptz NOT NULL,
            model text NOT NULL,
            provider_id text NOT NULL,
            requests bigint NOT NULL,
            errors bigint NOT NULL,
            input_tokens bigint NOT NULL,
            output_tokens bigint NOT NULL,
            cost_nanos bigint NOT NULL,
            duration bigint[] NOT NULL CHECK (cardinality(duration) = {BUCKETS}),
            first_byte bigint[] NOT NULL CHECK (cardinality(first_byte) = {BUCKETS}),
            PRIMARY KEY (user_id, span, start, model, provider_id)
        ) WITH (fillfactor = 70)
    """)
    op.execute("""
        CREATE TABLE event_rollups (
            user_id text NOT NULL,
            span text NOT NULL CHECK (span IN ('minute', 'hour', 'day')),
            start timestamptz NOT NULL,
            type text NOT NULL,
            count bigint NOT NULL,
            PRIMARY KEY (user_id, span, start, type)
        ) WITH (fillfactor = 70)
    """)
    op.execute("GRANT USAGE ON SCHEMA public TO analytics")
    # UPDATE is what locking rows asks for; no row of `seen` is ever changed.
    op.execute("GRANT SELECT, INSERT, DELETE, UPDATE (time) ON seen TO analytics")
    op.execute("GRANT SELECT, INSERT, UPDATE ON usage_rollups, event_rollups TO analytics")


def downgrade() -> None:
    op.execute("DROP TABLE event_rollups, usage_rollups, seen")
    op.execute("DROP AGGREGATE sum_counts(bigint[])")
    op.execute("DROP FUNCTION add_counts(bigint[], bigint[])")
