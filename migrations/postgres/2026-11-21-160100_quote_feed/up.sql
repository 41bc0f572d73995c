-- When the provider of quotations is asked next, and until when somebody is at it: one row, for all replicas.
CREATE TABLE quote_feed (
    id           INTEGER NOT NULL,
    next_at      TIMESTAMPTZ NOT NULL,
    leased_until TIMESTAMPTZ NOT NULL,
    failures     INTEGER NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT quote_feed_id_check CHECK (id = 1),
    CONSTRAINT quote_feed_failures_check CHECK (failures >= 0)
);
