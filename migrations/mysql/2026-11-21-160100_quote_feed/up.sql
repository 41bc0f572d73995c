-- When the provider of quotations is asked next, and until when somebody is at it: one row, for all replicas.
CREATE TABLE quote_feed (
    id           INTEGER NOT NULL,
    next_at      DATETIME(6) NOT NULL,
    leased_until DATETIME(6) NOT NULL,
    failures     INTEGER NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT quote_feed_id_check CHECK (id = 1),
    CONSTRAINT quote_feed_failures_check CHECK (failures >= 0)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;
