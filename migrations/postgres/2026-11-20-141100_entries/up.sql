-- What was done, skipped or missed on a day. The indexes serve views of some days over all habits, and
-- delta sync.
CREATE TABLE entries (
    user_id         UUID        NOT NULL,
    habit_id        UUID        NOT NULL,
    date            DATE        NOT NULL,
    state           TEXT        NOT NULL,
    value           INTEGER,
    tracked_minutes INTEGER     NOT NULL DEFAULT 0,
    note            TEXT,
    created_at      TIMESTAMPTZ NOT NULL,
    updated_at      TIMESTAMPTZ NOT NULL,
    rev             BIGINT      NOT NULL,
    PRIMARY KEY (user_id, habit_id, date),
    CONSTRAINT entries_habit_fkey FOREIGN KEY (user_id, habit_id) REFERENCES habits (user_id, id) ON DELETE RESTRICT,
    CONSTRAINT entries_date_check CHECK (date BETWEEN '1970-01-01' AND '2199-12-31'),
    CONSTRAINT entries_state_check CHECK (state IN ('done', 'skipped', 'missed')),
    CONSTRAINT entries_value_check CHECK (value BETWEEN 0 AND 1000000),
    CONSTRAINT entries_tracked_minutes_check CHECK (tracked_minutes BETWEEN 0 AND 1000000),
    CONSTRAINT entries_note_check CHECK (char_length(note) BETWEEN 1 AND 1000),
    CONSTRAINT entries_rev_check CHECK (rev >= 1)
);
CREATE INDEX entries_date_idx ON entries (user_id, date);
CREATE INDEX entries_rev_idx ON entries (user_id, rev);
