-- MySQL commits every DDL statement by itself. If this migration fails half-way it is run again from the start, so
-- each statement skips what is already there.

-- Habits, each with its plan versions and pauses as JSON: they are always read and written together.
CREATE TABLE IF NOT EXISTS habits (
    user_id        BINARY(16)    NOT NULL,
    id             BINARY(16)    NOT NULL,
    name           VARCHAR(100)  NOT NULL,
    description    VARCHAR(2000),
    theme_id       BINARY(16),
    color          VARCHAR(7),
    starts_on      DATE          NOT NULL,
    ends_on        DATE,
    plans          MEDIUMTEXT    NOT NULL,
    pauses         MEDIUMTEXT    NOT NULL,
    archived_at    DATETIME(6),
    position       INTEGER       NOT NULL,
    created_at     DATETIME(6)   NOT NULL,
    updated_at     DATETIME(6)   NOT NULL,
    rev            BIGINT        NOT NULL,
    request_digest BINARY(32)    NOT NULL,
    PRIMARY KEY (user_id, id),
    CONSTRAINT habits_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT habits_theme_fkey FOREIGN KEY (user_id, theme_id) REFERENCES themes (user_id, id) ON DELETE RESTRICT,
    CONSTRAINT habits_name_check CHECK (char_length(name) BETWEEN 1 AND 100),
    CONSTRAINT habits_description_check CHECK (char_length(description) BETWEEN 1 AND 2000),
    CONSTRAINT habits_color_check CHECK (char_length(color) BETWEEN 7 AND 7),
    CONSTRAINT habits_starts_on_check CHECK (starts_on BETWEEN '1970-01-01' AND '2199-12-31'),
    CONSTRAINT habits_ends_on_check CHECK (ends_on BETWEEN '1970-01-01' AND '2199-12-31'),
    CONSTRAINT habits_window_check CHECK (ends_on >= starts_on),
    CONSTRAINT habits_plans_check CHECK (length(plans) BETWEEN 2 AND 4000000),
    CONSTRAINT habits_pauses_check CHECK (length(pauses) BETWEEN 2 AND 4000000),
    CONSTRAINT habits_rev_check CHECK (rev >= 1)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;

-- A compact projection of a habit's entries, written in the transaction that writes those. A table of its own,
-- because it changes with every entry. `recent` is the part that a *today* screen reads.
CREATE TABLE IF NOT EXISTS habit_histories (
    user_id  BINARY(16) NOT NULL,
    habit_id BINARY(16) NOT NULL,
    recent   MEDIUMBLOB,
    history  MEDIUMBLOB NOT NULL,
    PRIMARY KEY (user_id, habit_id),
    CONSTRAINT habit_histories_habit_fkey FOREIGN KEY (user_id, habit_id) REFERENCES habits (user_id, id) ON DELETE RESTRICT
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;

-- What was done, skipped or missed on a day. The indexes serve views of some days over all habits, and delta sync.
CREATE TABLE IF NOT EXISTS entries (
    user_id         BINARY(16)    NOT NULL,
    habit_id        BINARY(16)    NOT NULL,
    date            DATE          NOT NULL,
    state           VARCHAR(7)    NOT NULL,
    value           INTEGER,
    tracked_minutes INTEGER       NOT NULL DEFAULT 0,
    note            VARCHAR(1000),
    created_at      DATETIME(6)   NOT NULL,
    updated_at      DATETIME(6)   NOT NULL,
    rev             BIGINT        NOT NULL,
    PRIMARY KEY (user_id, habit_id, date),
    CONSTRAINT entries_habit_fkey FOREIGN KEY (user_id, habit_id) REFERENCES habits (user_id, id) ON DELETE RESTRICT,
    CONSTRAINT entries_date_check CHECK (date BETWEEN '1970-01-01' AND '2199-12-31'),
    CONSTRAINT entries_state_check CHECK (state IN ('done', 'skipped', 'missed')),
    CONSTRAINT entries_value_check CHECK (value BETWEEN 0 AND 1000000),
    CONSTRAINT entries_tracked_minutes_check CHECK (tracked_minutes BETWEEN 0 AND 1000000),
    CONSTRAINT entries_note_check CHECK (char_length(note) BETWEEN 1 AND 1000),
    CONSTRAINT entries_rev_check CHECK (rev >= 1),
    INDEX entries_date_idx (user_id, date),
    INDEX entries_rev_idx (user_id, rev)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;
