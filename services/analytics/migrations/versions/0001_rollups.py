"""What was counted, and the counts."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE seen (
            identity text PRIMARY KEY,
            time timestamptz NOT NULL
        )
    """)
    # Rows come in the order of their time, so that a summary per block range is enough.
    op.execute("CREATE INDEX seen_time ON seen USING brin (time)")
    # Histograms (adapters/packed_histogram.py) add up bucket by bucket.
    op.execute("""
        CREATE FUNCTION add_counts(bigint[], bigint[]) RETURNS bigint[]
        LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
        RETURN ARRAY(
            SELECT (entry >> 40 << 40) + sum(entry & ((1::bigint << 40) - 1))::bigint
            FROM unnest($1 || $2) AS entry
            GROUP BY entry >> 40
            ORDER BY entry >> 40
        )
    """)
    op.execute("""
        CREATE AGGREGATE sum_counts(bigint[]) (
            SFUNC = add_counts, STYPE = bigint[], INITCOND = '{}',
            COMBINEFUNC = add_counts, PARALLEL = SAFE
        )
    """)
    op.execute("""
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
            duration bigint[] NOT NULL,
            first_byte bigint[] NOT NULL,
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
