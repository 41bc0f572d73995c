-- Reminders of a habit, of a task or, without either, of bedtime. `wall_minute` is the time of day or, of bedtime, that
-- of waking. `weekdays` and `channels` are bits. `handled_on` is the last day that was dealt with, `next_on` and
-- `next_at` are the day and the instant of the next one. The indexes serve lists by habit and task and the removal of
-- these, the look-up of what is due, and delta sync.
CREATE TABLE reminders (
    user_id        UUID        NOT NULL,
    id             UUID        NOT NULL,
    habit_id       UUID,
    task_id        UUID,
    wall_minute    INTEGER     NOT NULL,
    weekdays       INTEGER,
    days_before    INTEGER,
    minutes_before INTEGER,
    channels       INTEGER     NOT NULL,
    enabled        BOOLEAN     NOT NULL,
    handled_on     DATE,
    next_on        DATE,
    next_at        TIMESTAMPTZ,
    created_at     TIMESTAMPTZ NOT NULL,
    updated_at     TIMESTAMPTZ NOT NULL,
    rev            BIGINT      NOT NULL,
    request_digest BYTEA       NOT NULL,
    PRIMARY KEY (user_id, id),
    CONSTRAINT reminders_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT reminders_habit_fkey FOREIGN KEY (user_id, habit_id) REFERENCES habits (user_id, id) ON DELETE RESTRICT,
    CONSTRAINT reminders_task_fkey FOREIGN KEY (user_id, task_id) REFERENCES tasks (user_id, id) ON DELETE RESTRICT,
    CONSTRAINT reminders_subject_check CHECK (
        (habit_id IS NULL OR task_id IS NULL)
        AND (weekdays IS NULL) = (task_id IS NOT NULL)
        AND (days_before IS NULL) = (task_id IS NULL)
        AND (minutes_before IS NULL) = (habit_id IS NOT NULL OR task_id IS NOT NULL)
    ),
    CONSTRAINT reminders_wall_minute_check CHECK (wall_minute BETWEEN 0 AND 1439),
    CONSTRAINT reminders_weekdays_check CHECK (weekdays BETWEEN 1 AND 127),
    CONSTRAINT reminders_days_before_check CHECK (days_before BETWEEN 0 AND 365),
    CONSTRAINT reminders_minutes_before_check CHECK (minutes_before BETWEEN 0 AND 240),
    CONSTRAINT reminders_channels_check CHECK (channels BETWEEN 0 AND 7),
    CONSTRAINT reminders_next_check CHECK ((next_on IS NULL) = (next_at IS NULL)),
    CONSTRAINT reminders_enabled_check CHECK (enabled OR next_at IS NULL),
    CONSTRAINT reminders_rev_check CHECK (rev >= 1),
    CONSTRAINT reminders_request_digest_check CHECK (octet_length(request_digest) = 32)
);
CREATE INDEX reminders_habit_idx ON reminders (user_id, habit_id);
CREATE INDEX reminders_task_idx ON reminders (user_id, task_id);
CREATE INDEX reminders_next_at_idx ON reminders (next_at, user_id);
CREATE INDEX reminders_rev_idx ON reminders (user_id, rev);
