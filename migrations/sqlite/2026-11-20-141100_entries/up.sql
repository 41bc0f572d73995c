-- What was done, skipped or missed on a day. The indexes serve views of some days over all habits, and
-- delta sync.
CREATE TABLE entries (
    user_id         BLOB    NOT NULL,
    habit_id        BLOB    NOT NULL,
    date            INTEGER NOT NULL,
    state           TEXT    NOT NULL,
    value           INTEGER,
    tracked_minutes INTEGER NOT NULL DEFAULT 0,
    note            TEXT,
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,
    rev             INTEGER NOT NULL,
    PRIMARY KEY (user_id, habit_id, date),
    CONSTRAINT entries_habit_fkey FOREIGN KEY (user_id, habit_id) REFERENCES habits (user_id, id) ON DELETE RESTRICT,
    CONSTRAINT entries_date_check CHECK (date BETWEEN 0 AND 84005),
    CONSTRAINT entries_state_check CHECK (state IN ('done', 'skipped', 'missed')),
    CONSTRAINT entries_value_check CHECK (value BETWEEN 0 AND 1000000),
    CONSTRAINT entries_tracked_minutes_check CHECK (tracked_minutes BETWEEN 0 AND 1000000),
    CONSTRAINT entries_note_check CHECK (length(note) BETWEEN 1 AND 1000),
    CONSTRAINT entries_rev_check CHECK (rev >= 1),
    CONSTRAINT entries_user_id_check CHECK (length(user_id) = 16),
    CONSTRAINT entries_habit_id_check CHECK (length(habit_id) = 16)
) STRICT, WITHOUT ROWID;
CREATE INDEX entries_date_idx ON entries (user_id, date);
CREATE INDEX entries_rev_idx ON entries (user_id, rev);
