-- When a user slept. No two logs of a user overlap: the writer checks, and a user's writers are serialised. `date` is
-- the civil date of waking in `timezone`, as of when the log was written.
CREATE TABLE sleep_logs (
    user_id        BLOB    NOT NULL,
    id             BLOB    NOT NULL,
    started_at     INTEGER NOT NULL,
    ended_at       INTEGER NOT NULL,
    date           INTEGER NOT NULL,
    timezone       TEXT    NOT NULL,
    kind           TEXT    NOT NULL,
    quality        INTEGER,
    awake_seconds  INTEGER,
    note           TEXT,
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL,
    rev            INTEGER NOT NULL,
    request_digest BLOB    NOT NULL,
    PRIMARY KEY (user_id, id),
    CONSTRAINT sleep_logs_start_key UNIQUE (user_id, started_at),
    CONSTRAINT sleep_logs_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT sleep_logs_duration_check CHECK (
        ended_at - started_at BETWEEN CASE kind WHEN 'nap' THEN 300000000 ELSE 1800000000 END AND 86400000000
    ),
    CONSTRAINT sleep_logs_date_check CHECK (date BETWEEN 0 AND 84005),
    CONSTRAINT sleep_logs_timezone_check CHECK (length(timezone) BETWEEN 1 AND 64),
    CONSTRAINT sleep_logs_kind_check CHECK (kind IN ('main', 'nap')),
    CONSTRAINT sleep_logs_quality_check CHECK (quality BETWEEN 1 AND 5),
    CONSTRAINT sleep_logs_awake_seconds_check CHECK (awake_seconds BETWEEN 0 AND 86399),
    CONSTRAINT sleep_logs_awake_check CHECK (awake_seconds * 1000000 < ended_at - started_at),
    CONSTRAINT sleep_logs_note_check CHECK (length(note) BETWEEN 1 AND 1000),
    CONSTRAINT sleep_logs_rev_check CHECK (rev >= 1),
    CONSTRAINT sleep_logs_user_id_check CHECK (length(user_id) = 16),
    CONSTRAINT sleep_logs_id_check CHECK (length(id) = 16),
    CONSTRAINT sleep_logs_request_digest_check CHECK (length(request_digest) = 32)
) STRICT, WITHOUT ROWID;
CREATE INDEX sleep_logs_date_idx ON sleep_logs (user_id, date);
CREATE INDEX sleep_logs_rev_idx ON sleep_logs (user_id, rev);
