-- MySQL commits every DDL statement by itself. If this migration fails half-way it is run again from the start, so
-- each statement skips what is already there.

-- Minutes spent on a day. The indexes serve lists, sums by day, habit and task (which read nothing but an index), the
-- values of habits measured in minutes, the removal of habits and tasks, and delta sync.
CREATE TABLE IF NOT EXISTS time_entries (
    user_id        BINARY(16)    NOT NULL,
    id             BINARY(16)    NOT NULL,
    habit_id       BINARY(16),
    task_id        BINARY(16),
    date           DATE          NOT NULL,
    minutes        INTEGER       NOT NULL,
    started_at     DATETIME(6),
    ended_at       DATETIME(6),
    note           VARCHAR(1000),
    created_at     DATETIME(6)   NOT NULL,
    updated_at     DATETIME(6)   NOT NULL,
    rev            BIGINT        NOT NULL,
    request_digest BINARY(32)    NOT NULL,
    PRIMARY KEY (user_id, id),
    CONSTRAINT time_entries_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT time_entries_habit_fkey FOREIGN KEY (user_id, habit_id) REFERENCES habits (user_id, id) ON DELETE RESTRICT,
    CONSTRAINT time_entries_task_fkey FOREIGN KEY (user_id, task_id) REFERENCES tasks (user_id, id) ON DELETE RESTRICT,
    CONSTRAINT time_entries_date_check CHECK (date BETWEEN '1970-01-01' AND '2199-12-31'),
    CONSTRAINT time_entries_minutes_check CHECK (minutes BETWEEN 1 AND 1440),
    CONSTRAINT time_entries_ended_at_check CHECK (ended_at IS NULL OR (started_at IS NOT NULL AND ended_at > started_at)),
    CONSTRAINT time_entries_note_check CHECK (char_length(note) BETWEEN 1 AND 1000),
    CONSTRAINT time_entries_rev_check CHECK (rev >= 1),
    INDEX time_entries_date_idx (user_id, date, habit_id, task_id, minutes),
    INDEX time_entries_habit_idx (user_id, habit_id, date),
    INDEX time_entries_task_idx (user_id, task_id, habit_id, minutes),
    INDEX time_entries_rev_idx (user_id, rev)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;

-- The running timer of a user: the key allows one.
CREATE TABLE IF NOT EXISTS timers (
    user_id    BINARY(16)    NOT NULL,
    habit_id   BINARY(16),
    task_id    BINARY(16),
    note       VARCHAR(1000),
    started_at DATETIME(6)   NOT NULL,
    rev        BIGINT        NOT NULL,
    PRIMARY KEY (user_id),
    CONSTRAINT timers_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT timers_habit_fkey FOREIGN KEY (user_id, habit_id) REFERENCES habits (user_id, id) ON DELETE RESTRICT,
    CONSTRAINT timers_task_fkey FOREIGN KEY (user_id, task_id) REFERENCES tasks (user_id, id) ON DELETE RESTRICT,
    CONSTRAINT timers_note_check CHECK (char_length(note) BETWEEN 1 AND 1000),
    CONSTRAINT timers_rev_check CHECK (rev >= 1)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;
