-- Reminders of a habit, of a task or, without either, of bedtime. `wall_minute` is the time of day or, of bedtime, that
-- of waking. `weekdays` and `channels` are bits. `handled_on` is the last day that was dealt with, `next_on` and
-- `next_at` are the day and the instant of the next one. The indexes serve lists by habit and task and the removal of
-- these, the look-up of what is due, and delta sync.
CREATE TABLE IF NOT EXISTS reminders (
    user_id        BINARY(16)  NOT NULL,
    id             BINARY(16)  NOT NULL,
    habit_id       BINARY(16),
    task_id        BINARY(16),
    wall_minute    INTEGER     NOT NULL,
    weekdays       INTEGER,
    days_before    INTEGER,
    minutes_before INTEGER,
    channels       INTEGER     NOT NULL,
    enabled        BOOLEAN     NOT NULL,
    handled_on     DATE,
    next_on        DATE,
    next_at        DATETIME(6),
    created_at     DATETIME(6) NOT NULL,
    updated_at     DATETIME(6) NOT NULL,
    rev            BIGINT      NOT NULL,
    request_digest BINARY(32)  NOT NULL,
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
    CONSTRAINT reminders_enabled_check CHECK (enabled IN (0, 1) AND (enabled = 1 OR next_at IS NULL)),
    CONSTRAINT reminders_rev_check CHECK (rev >= 1),
    INDEX reminders_habit_idx (user_id, habit_id),
    INDEX reminders_task_idx (user_id, task_id),
    INDEX reminders_next_at_idx (next_at, user_id),
    INDEX reminders_rev_idx (user_id, rev)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;
