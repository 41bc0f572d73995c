CREATE TABLE quote_feed (
    id           INTEGER NOT NULL,
    next_at      INTEGER NOT NULL,
    leased_until INTEGER NOT NULL,
    failures     INTEGER NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT quote_feed_id_check CHECK (id = 1),
    CONSTRAINT quote_feed_failures_check CHECK (failures >= 0)
) STRICT, WITHOUT ROWID;
INSERT INTO quote_feed (id, next_at, leased_until, failures) VALUES (1, 0, 0, 0);
