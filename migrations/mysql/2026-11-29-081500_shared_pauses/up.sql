-- Pauses of all of a user's habits. `except_habits` is a JSON list of ids. Each habit that one touches carries a copy of
-- it in `habits.pauses`.
CREATE TABLE IF NOT EXISTS shared_pauses (
    user_id        BINARY(16)  NOT NULL,
    id             BINARY(16)  NOT NULL,
    from_date      DATE        NOT NULL,
    to_date        DATE,
    note           VARCHAR(200),
    except_habits  MEDIUMTEXT  NOT NULL,
    source         VARCHAR(16) NOT NULL,
    created_at     DATETIME(6) NOT NULL,
    updated_at     DATETIME(6) NOT NULL,
    rev            BIGINT      NOT NULL,
    request_digest BINARY(32)  NOT NULL,
    PRIMARY KEY (user_id, id),
    CONSTRAINT shared_pauses_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT shared_pauses_from_date_check CHECK (from_date BETWEEN '1970-01-01' AND '2199-12-31'),
    CONSTRAINT shared_pauses_to_date_check CHECK (to_date BETWEEN from_date AND '2199-12-31'),
    CONSTRAINT shared_pauses_note_check CHECK (char_length(note) BETWEEN 1 AND 200),
    CONSTRAINT shared_pauses_except_habits_check CHECK (length(except_habits) BETWEEN 2 AND 200000),
    CONSTRAINT shared_pauses_source_check CHECK (source IN ('user', 'date_line')),
    CONSTRAINT shared_pauses_rev_check CHECK (rev >= 1),
    INDEX shared_pauses_rev_idx (user_id, rev)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;
