-- What was done, skipped or missed on a day. The indexes serve views of some days over all habits, and
-- delta sync.
CREATE TABLE entries (
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
