-- MySQL commits every DDL statement by itself. If this migration fails half-way it is run again from the start, so
-- each statement skips what is already there.

-- The mood of a day. `tags` is a JSON list.
CREATE TABLE IF NOT EXISTS moods (
    user_id    BINARY(16)    NOT NULL,
    date       DATE          NOT NULL,
    value      INTEGER       NOT NULL,
    note       VARCHAR(1000),
    tags       VARCHAR(2000) NOT NULL,
    created_at DATETIME(6)   NOT NULL,
    updated_at DATETIME(6)   NOT NULL,
    rev        BIGINT        NOT NULL,
    PRIMARY KEY (user_id, date),
    CONSTRAINT moods_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT moods_date_check CHECK (date BETWEEN '1970-01-01' AND '2199-12-31'),
    CONSTRAINT moods_value_check CHECK (value BETWEEN 0 AND 10),
    CONSTRAINT moods_note_check CHECK (char_length(note) BETWEEN 1 AND 1000),
    CONSTRAINT moods_tags_check CHECK (char_length(tags) BETWEEN 2 AND 2000),
    CONSTRAINT moods_rev_check CHECK (rev >= 1),
    INDEX moods_rev_idx (user_id, rev)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;

-- The mood of a moment. `date` is the civil date it belongs to, as of when it was written; `tags` is a JSON list.
CREATE TABLE IF NOT EXISTS mood_moments (
    user_id        BINARY(16)    NOT NULL,
    id             BINARY(16)    NOT NULL,
    felt_at        DATETIME(6)   NOT NULL,
    date           DATE          NOT NULL,
    value          INTEGER       NOT NULL,
    note           VARCHAR(1000),
    tags           VARCHAR(2000) NOT NULL,
    created_at     DATETIME(6)   NOT NULL,
    updated_at     DATETIME(6)   NOT NULL,
    rev            BIGINT        NOT NULL,
    request_digest BINARY(32)    NOT NULL,
    PRIMARY KEY (user_id, id),
    CONSTRAINT mood_moments_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT mood_moments_date_check CHECK (date BETWEEN '1970-01-01' AND '2199-12-31'),
    CONSTRAINT mood_moments_value_check CHECK (value BETWEEN 0 AND 10),
    CONSTRAINT mood_moments_note_check CHECK (char_length(note) BETWEEN 1 AND 1000),
    CONSTRAINT mood_moments_tags_check CHECK (char_length(tags) BETWEEN 2 AND 2000),
    CONSTRAINT mood_moments_rev_check CHECK (rev >= 1),
    INDEX mood_moments_date_idx (user_id, date),
    INDEX mood_moments_rev_idx (user_id, rev)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;
