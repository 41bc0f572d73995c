-- When work that recurs is enqueued next: a row for each kind, made when a replica first looks. Quotations are fetched
-- when they would have been.
CREATE TABLE IF NOT EXISTS job_schedules (
    kind    VARCHAR(40) NOT NULL,
    next_at DATETIME(6) NOT NULL,
    PRIMARY KEY (kind),
    CONSTRAINT job_schedules_kind_check CHECK (char_length(kind) BETWEEN 1 AND 40)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;
INSERT IGNORE INTO job_schedules (kind, next_at) SELECT 'quotes', next_at FROM quote_feed WHERE next_at > '1970-01-01 00:00:00';
