-- When a user slept. No two logs of a user overlap: the writer checks, and a user's writers are serialised. `date` is
-- the civil date of waking in `timezone`, as of when the log was written.
CREATE TABLE sleep_logs (
    user_id        UUID        NOT NULL,
    id             UUID        NOT NULL,
    started_at     TIMESTAMPTZ NOT NULL,
    ended_at       TIMESTAMPTZ NOT NULL,
    date           DATE        NOT NULL,
    timezone       TEXT        NOT NULL,
    kind           TEXT        NOT NULL,
    quality        INTEGER,
    awake_seconds  INTEGER,
    note           TEXT,
    created_at     TIMESTAMPTZ NOT NULL,
    updated_at     TIMESTAMPTZ NOT NULL,
    rev            BIGINT      NOT NULL,
    request_digest BYTEA       NOT NULL,
    PRIMARY KEY (user_id, id),
    CONSTRAINT sleep_logs_start_key UNIQUE (user_id, started_at),
    CONSTRAINT sleep_logs_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT sleep_logs_duration_check CHECK (
        ended_at - started_at
            BETWEEN CASE kind WHEN 'nap' THEN INTERVAL '5 minutes' ELSE INTERVAL '30 minutes' END AND INTERVAL '24 hours'
    ),
    CONSTRAINT sleep_logs_date_check CHECK (date BETWEEN '1970-01-01' AND '2199-12-31'),
    CONSTRAINT sleep_logs_timezone_check CHECK (char_length(timezone) BETWEEN 1 AND 64),
    CONSTRAINT sleep_logs_kind_check CHECK (kind IN ('main', 'nap')),
    CONSTRAINT sleep_logs_quality_check CHECK (quality BETWEEN 1 AND 5),
    CONSTRAINT sleep_logs_awake_seconds_check CHECK (awake_seconds BETWEEN 0 AND 86399),
    CONSTRAINT sleep_logs_awake_check CHECK (awake_seconds * INTERVAL '1 second' < ended_at - started_at),
    CONSTRAINT sleep_logs_note_check CHECK (char_length(note) BETWEEN 1 AND 1000),
    CONSTRAINT sleep_logs_rev_check CHECK (rev >= 1),
    CONSTRAINT sleep_logs_request_digest_check CHECK (octet_length(request_digest) = 32)
);
CREATE INDEX sleep_logs_date_idx ON sleep_logs (user_id, date);
CREATE INDEX sleep_logs_rev_idx ON sleep_logs (user_id, rev);
