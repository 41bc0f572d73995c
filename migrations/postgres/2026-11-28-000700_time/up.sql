-- Minutes spent on a day. The indexes serve lists, sums by day, habit and task (which read nothing but an index), the
-- values of habits measured in minutes, the removal of habits and tasks, and delta sync.
CREATE TABLE time_entries (
    user_id        UUID        NOT NULL,
    id             UUID        NOT NULL,
    habit_id       UUID,
    task_id        UUID,
    date           DATE        NOT NULL,
    minutes        INTEGER     NOT NULL,
    started_at     TIMESTAMPTZ,
    ended_at       TIMESTAMPTZ,
    note           TEXT,
    created_at     TIMESTAMPTZ NOT NULL,
    updated_at     TIMESTAMPTZ NOT NULL,
    rev            BIGINT      NOT NULL,
    request_digest BYTEA       NOT NULL,
    PRIMARY KEY (user_id, id),
    CONSTRAINT time_entries_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT time_entries_habit_fkey FOREIGN KEY (user_id, habit_id) REFERENCES habits (user_id, id) ON DELETE RESTRICT,
    CONSTRAINT time_entries_task_fkey FOREIGN KEY (user_id, task_id) REFERENCES tasks (user_id, id) ON DELETE RESTRICT,
    CONSTRAINT time_entries_date_check CHECK (date BETWEEN '1970-01-01' AND '2199-12-31'),
    CONSTRAINT time_entries_minutes_check CHECK (minutes BETWEEN 1 AND 1440),
    CONSTRAINT time_entries_ended_at_check CHECK (ended_at IS NULL OR (started_at IS NOT NULL AND ended_at > started_at)),
    CONSTRAINT time_entries_note_check CHECK (char_length(note) BETWEEN 1 AND 1000),
    CONSTRAINT time_entries_rev_check CHECK (rev >= 1),
    CONSTRAINT time_entries_request_digest_check CHECK (octet_length(request_digest) = 32)
);
CREATE INDEX time_entries_date_idx ON time_entries (user_id, date, habit_id, task_id, minutes);
CREATE INDEX time_entries_habit_idx ON time_entries (user_id, habit_id, date);
CREATE INDEX time_entries_task_idx ON time_entries (user_id, task_id, habit_id, minutes);
CREATE INDEX time_entries_rev_idx ON time_entries (user_id, rev);

-- The running timer of a user: the key allows one.
CREATE TABLE timers (
    user_id    UUID        NOT NULL,
    habit_id   UUID,
    task_id    UUID,
    note       TEXT,
    started_at TIMESTAMPTZ NOT NULL,
    rev        BIGINT      NOT NULL,
    PRIMARY KEY (user_id),
    CONSTRAINT timers_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT timers_habit_fkey FOREIGN KEY (user_id, habit_id) REFERENCES habits (user_id, id) ON DELETE RESTRICT,
    CONSTRAINT timers_task_fkey FOREIGN KEY (user_id, task_id) REFERENCES tasks (user_id, id) ON DELETE RESTRICT,
    CONSTRAINT timers_note_check CHECK (char_length(note) BETWEEN 1 AND 1000),
    CONSTRAINT timers_rev_check CHECK (rev >= 1)
);
