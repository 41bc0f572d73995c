-- Pauses of all of a user's habits. `except_habits` is a JSON list of ids. Each habit that one touches carries a copy of
-- it in `habits.pauses`.
CREATE TABLE shared_pauses (
    user_id        UUID        NOT NULL,
    id             UUID        NOT NULL,
    from_date      DATE        NOT NULL,
    to_date        DATE,
    note           TEXT,
    except_habits  TEXT        NOT NULL,
    source         TEXT        NOT NULL,
    created_at     TIMESTAMPTZ NOT NULL,
    updated_at     TIMESTAMPTZ NOT NULL,
    rev            BIGINT      NOT NULL,
    request_digest BYTEA       NOT NULL,
    PRIMARY KEY (user_id, id),
    CONSTRAINT shared_pauses_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT shared_pauses_from_date_check CHECK (from_date BETWEEN '1970-01-01' AND '2199-12-31'),
    CONSTRAINT shared_pauses_to_date_check CHECK (to_date BETWEEN from_date AND '2199-12-31'),
    CONSTRAINT shared_pauses_note_check CHECK (char_length(note) BETWEEN 1 AND 200),
    CONSTRAINT shared_pauses_except_habits_check CHECK (octet_length(except_habits) BETWEEN 2 AND 200000),
    CONSTRAINT shared_pauses_source_check CHECK (source IN ('user', 'date_line')),
    CONSTRAINT shared_pauses_rev_check CHECK (rev >= 1),
    CONSTRAINT shared_pauses_request_digest_check CHECK (octet_length(request_digest) = 32)
);
CREATE INDEX shared_pauses_rev_idx ON shared_pauses (user_id, rev);
