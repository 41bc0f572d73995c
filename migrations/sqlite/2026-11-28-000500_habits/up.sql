-- Habits, each with its plan versions and pauses as JSON: they are always read and written together.
CREATE TABLE habits (
    user_id        BLOB    NOT NULL,
    id             BLOB    NOT NULL,
    name           TEXT    NOT NULL,
    description    TEXT,
    theme_id       BLOB,
    color          TEXT,
    starts_on      INTEGER NOT NULL,
    ends_on        INTEGER,
    plans          TEXT    NOT NULL,
    pauses         TEXT    NOT NULL,
    archived_at    INTEGER,
    position       INTEGER NOT NULL,
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL,
    rev            INTEGER NOT NULL,
    request_digest BLOB    NOT NULL,
    PRIMARY KEY (user_id, id),
    CONSTRAINT habits_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT habits_theme_fkey FOREIGN KEY (user_id, theme_id) REFERENCES themes (user_id, id) ON DELETE RESTRICT,
    CONSTRAINT habits_name_check CHECK (length(name) BETWEEN 1 AND 100),
    CONSTRAINT habits_description_check CHECK (length(description) BETWEEN 1 AND 2000),
    CONSTRAINT habits_color_check CHECK (length(color) BETWEEN 7 AND 7),
    CONSTRAINT habits_starts_on_check CHECK (starts_on BETWEEN 0 AND 84005),
    CONSTRAINT habits_ends_on_check CHECK (ends_on BETWEEN 0 AND 84005),
    CONSTRAINT habits_window_check CHECK (ends_on >= starts_on),
    CONSTRAINT habits_plans_check CHECK (length(plans) BETWEEN 2 AND 4000000),
    CONSTRAINT habits_pauses_check CHECK (length(pauses) BETWEEN 2 AND 4000000),
    CONSTRAINT habits_rev_check CHECK (rev >= 1),
    CONSTRAINT habits_user_id_check CHECK (length(user_id) = 16),
    CONSTRAINT habits_id_check CHECK (length(id) = 16),
    CONSTRAINT habits_theme_id_check CHECK (length(theme_id) = 16),
    CONSTRAINT habits_request_digest_check CHECK (length(request_digest) = 32)
) STRICT, WITHOUT ROWID;

-- A compact projection of a habit's entries, written in the transaction that writes those. A table of its own,
-- because it changes with every entry. `recent` is the part that a *today* screen reads.
CREATE TABLE habit_histories (
    user_id  BLOB NOT NULL,
    habit_id BLOB NOT NULL,
    recent   BLOB,
    history  BLOB NOT NULL,
    PRIMARY KEY (user_id, habit_id),
    CONSTRAINT habit_histories_habit_fkey FOREIGN KEY (user_id, habit_id) REFERENCES habits (user_id, id) ON DELETE RESTRICT,
    CONSTRAINT habit_histories_user_id_check CHECK (length(user_id) = 16),
    CONSTRAINT habit_histories_habit_id_check CHECK (length(habit_id) = 16)
) STRICT, WITHOUT ROWID;

-- What was done, skipped or missed on a day. The indexes serve views of some days over all habits, and delta sync.
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
