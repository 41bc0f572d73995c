-- When work that recurs is enqueued next: a row for each kind, made when a replica first looks. Quotations are fetched
-- when they would have been.
CREATE TABLE job_schedules (
    kind    TEXT    NOT NULL,
    next_at INTEGER NOT NULL,
    PRIMARY KEY (kind),
    CONSTRAINT job_schedules_kind_check CHECK (length(kind) BETWEEN 1 AND 40)
) STRICT, WITHOUT ROWID;
INSERT INTO job_schedules (kind, next_at) SELECT 'quotes', next_at FROM quote_feed WHERE next_at > 0;
