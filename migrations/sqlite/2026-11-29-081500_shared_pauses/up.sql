-- Pauses of all of a user's habits. `except_habits` is a JSON list of ids. Each habit that one touches carries a copy of
-- it in `habits.pauses`.
CREATE TABLE shared_pauses (
    user_id        BLOB    NOT NULL,
    id             BLOB    NOT NULL,
    from_date      INTEGER NOT NULL,
    to_date        INTEGER,
    note           TEXT,
    except_habits  TEXT    NOT NULL,
    source         TEXT    NOT NULL,
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL,
    rev            INTEGER NOT NULL,
    request_digest BLOB    NOT NULL,
    PRIMARY KEY (user_id, id),
    CONSTRAINT shared_pauses_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT shared_pauses_from_date_check CHECK (from_date BETWEEN 0 AND 84005),
    CONSTRAINT shared_pauses_to_date_check CHECK (to_date BETWEEN from_date AND 84005),
    CONSTRAINT shared_pauses_note_check CHECK (length(note) BETWEEN 1 AND 200),
    CONSTRAINT shared_pauses_except_habits_check CHECK (length(except_habits) BETWEEN 2 AND 200000),
    CONSTRAINT shared_pauses_source_check CHECK (source IN ('user', 'date_line')),
    CONSTRAINT shared_pauses_rev_check CHECK (rev >= 1),
    CONSTRAINT shared_pauses_user_id_check CHECK (length(user_id) = 16),
    CONSTRAINT shared_pauses_id_check CHECK (length(id) = 16),
    CONSTRAINT shared_pauses_request_digest_check CHECK (length(request_digest) = 32)
) STRICT, WITHOUT ROWID;
CREATE INDEX shared_pauses_rev_idx ON shared_pauses (user_id, rev);
