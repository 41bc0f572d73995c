-- MySQL commits every DDL statement by itself. If this migration fails half-way it is run again from the start, so
-- each statement skips what is already there.

-- When a user slept. No two logs of a user overlap: the writer checks, and a user's writers are serialised. `date` is
-- the civil date of waking in `timezone`, as of when the log was written.
CREATE TABLE IF NOT EXISTS sleep_logs (
    user_id        BINARY(16)    NOT NULL,
    id             BINARY(16)    NOT NULL,
    started_at     DATETIME(6)   NOT NULL,
    ended_at       DATETIME(6)   NOT NULL,
    date           DATE          NOT NULL,
    timezone       VARCHAR(64)   NOT NULL,
    kind           VARCHAR(4)    NOT NULL,
    quality        INTEGER,
    awake_seconds  INTEGER,
    note           VARCHAR(1000),
    created_at     DATETIME(6)   NOT NULL,
    updated_at     DATETIME(6)   NOT NULL,
    rev            BIGINT        NOT NULL,
    request_digest BINARY(32)    NOT NULL,
    PRIMARY KEY (user_id, id),
    CONSTRAINT sleep_logs_start_key UNIQUE (user_id, started_at),
    CONSTRAINT sleep_logs_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT sleep_logs_duration_check CHECK (
        TIMESTAMPDIFF(MICROSECOND, started_at, ended_at)
            BETWEEN CASE kind WHEN 'nap' THEN 300000000 ELSE 1800000000 END AND 86400000000
    ),
    CONSTRAINT sleep_logs_date_check CHECK (date BETWEEN '1970-01-01' AND '2199-12-31'),
    CONSTRAINT sleep_logs_timezone_check CHECK (char_length(timezone) BETWEEN 1 AND 64),
    CONSTRAINT sleep_logs_kind_check CHECK (kind IN ('main', 'nap')),
    CONSTRAINT sleep_logs_quality_check CHECK (quality BETWEEN 1 AND 5),
    CONSTRAINT sleep_logs_awake_seconds_check CHECK (awake_seconds BETWEEN 0 AND 86399),
    CONSTRAINT sleep_logs_awake_check CHECK (awake_seconds * 1000000 < TIMESTAMPDIFF(MICROSECOND, started_at, ended_at)),
    CONSTRAINT sleep_logs_note_check CHECK (char_length(note) BETWEEN 1 AND 1000),
    CONSTRAINT sleep_logs_rev_check CHECK (rev >= 1),
    INDEX sleep_logs_date_idx (user_id, date),
    INDEX sleep_logs_rev_idx (user_id, rev)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;
