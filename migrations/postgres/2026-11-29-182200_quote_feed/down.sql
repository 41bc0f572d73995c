CREATE TABLE quote_feed (
    id           INTEGER NOT NULL,
    next_at      TIMESTAMPTZ NOT NULL,
    leased_until TIMESTAMPTZ NOT NULL,
    failures     INTEGER NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT quote_feed_id_check CHECK (id = 1),
    CONSTRAINT quote_feed_failures_check CHECK (failures >= 0)
);
INSERT INTO quote_feed (id, next_at, leased_until, failures) VALUES (1, '1970-01-01 00:00:00+00', '1970-01-01 00:00:00+00', 0);
