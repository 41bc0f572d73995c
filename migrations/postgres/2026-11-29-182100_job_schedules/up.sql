-- When work that recurs is enqueued next: a row for each kind, made when a replica first looks. Quotations are fetched
-- when they would have been.
CREATE TABLE job_schedules (
    kind    TEXT        NOT NULL,
    next_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (kind),
    CONSTRAINT job_schedules_kind_check CHECK (char_length(kind) BETWEEN 1 AND 40)
);
INSERT INTO job_schedules (kind, next_at) SELECT 'quotes', next_at FROM quote_feed WHERE next_at > '1970-01-01 00:00:00+00';
