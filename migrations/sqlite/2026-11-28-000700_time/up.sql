-- Minutes spent on a day. The indexes serve lists, sums by day, habit and task (which read nothing but an index), the
-- values of habits measured in minutes, the removal of habits and tasks, and delta sync.
CREATE TABLE time_entries (
    user_id        BLOB    NOT NULL,
    id             BLOB    NOT NULL,
    habit_id       BLOB,
    task_id        BLOB,
    date           INTEGER NOT NULL,
    minutes        INTEGER NOT NULL,
    started_at     INTEGER,
    ended_at       INTEGER,
    note           TEXT,
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL,
    rev            INTEGER NOT NULL,
    request_digest BLOB    NOT NULL,
    PRIMARY KEY (user_id, id),
    CONSTRAINT time_entries_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT time_entries_habit_fkey FOREIGN KEY (user_id, habit_id) REFERENCES habits (user_id, id) ON DELETE RESTRICT,
    CONSTRAINT time_entries_task_fkey FOREIGN KEY (user_id, task_id) REFERENCES tasks (user_id, id) ON DELETE RESTRICT,
    CONSTRAINT time_entries_date_check CHECK (date BETWEEN 0 AND 84005),
    CONSTRAINT time_entries_minutes_check CHECK (minutes BETWEEN 1 AND 1440),
    CONSTRAINT time_entries_ended_at_check CHECK (ended_at IS NULL OR (started_at IS NOT NULL AND ended_at > started_at)),
    CONSTRAINT time_entries_note_check CHECK (length(note) BETWEEN 1 AND 1000),
    CONSTRAINT time_entries_rev_check CHECK (rev >= 1),
    CONSTRAINT time_entries_user_id_check CHECK (length(user_id) = 16),
    CONSTRAINT time_entries_id_check CHECK (length(id) = 16),
    CONSTRAINT time_entries_habit_id_check CHECK (length(habit_id) = 16),
    CONSTRAINT time_entries_task_id_check CHECK (length(task_id) = 16),
    CONSTRAINT time_entries_request_digest_check CHECK (length(request_digest) = 32)
) STRICT, WITHOUT ROWID;
CREATE INDEX time_entries_date_idx ON time_entries (user_id, date, habit_id, task_id, minutes);
CREATE INDEX time_entries_habit_idx ON time_entries (user_id, habit_id, date);
CREATE INDEX time_entries_task_idx ON time_entries (user_id, task_id, habit_id, minutes);
CREATE INDEX time_entries_rev_idx ON time_entries (user_id, rev);

-- The running timer of a user: the key allows one.
CREATE TABLE timers (
    user_id    BLOB    NOT NULL,
    habit_id   BLOB,
    task_id    BLOB,
    note       TEXT,
    started_at INTEGER NOT NULL,
    rev        INTEGER NOT NULL,
    PRIMARY KEY (user_id),
    CONSTRAINT timers_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT timers_habit_fkey FOREIGN KEY (user_id, habit_id) REFERENCES habits (user_id, id) ON DELETE RESTRICT,
    CONSTRAINT timers_task_fkey FOREIGN KEY (user_id, task_id) REFERENCES tasks (user_id, id) ON DELETE RESTRICT,
    CONSTRAINT timers_note_check CHECK (length(note) BETWEEN 1 AND 1000),
    CONSTRAINT timers_rev_check CHECK (rev >= 1),
    CONSTRAINT timers_user_id_check CHECK (length(user_id) = 16),
    CONSTRAINT timers_habit_id_check CHECK (length(habit_id) = 16),
    CONSTRAINT timers_task_id_check CHECK (length(task_id) = 16)
) STRICT, WITHOUT ROWID;
