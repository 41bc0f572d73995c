CREATE TABLE IF NOT EXISTS quote_feed (
    id           INTEGER NOT NULL,
    next_at      DATETIME(6) NOT NULL,
    leased_until DATETIME(6) NOT NULL,
    failures     INTEGER NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT quote_feed_id_check CHECK (id = 1),
    CONSTRAINT quote_feed_failures_check CHECK (failures >= 0)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;
INSERT IGNORE INTO quote_feed (id, next_at, leased_until, failures) VALUES (1, '1970-01-01 00:00:00', '1970-01-01 00:00:00', 0);
