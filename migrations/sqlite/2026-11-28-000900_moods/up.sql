-- The mood of a day. `tags` is a JSON list.
CREATE TABLE moods (
    user_id    BLOB    NOT NULL,
    date       INTEGER NOT NULL,
    value      INTEGER NOT NULL,
    note       TEXT,
    tags       TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    rev        INTEGER NOT NULL,
    PRIMARY KEY (user_id, date),
    CONSTRAINT moods_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT moods_date_check CHECK (date BETWEEN 0 AND 84005),
    CONSTRAINT moods_value_check CHECK (value BETWEEN 0 AND 10),
    CONSTRAINT moods_note_check CHECK (length(note) BETWEEN 1 AND 1000),
    CONSTRAINT moods_tags_check CHECK (length(tags) BETWEEN 2 AND 2000),
    CONSTRAINT moods_rev_check CHECK (rev >= 1),
    CONSTRAINT moods_user_id_check CHECK (length(user_id) = 16)
) STRICT, WITHOUT ROWID;
CREATE INDEX moods_rev_idx ON moods (user_id, rev);

-- The mood of a moment. `date` is the civil date it belongs to, as of when it was written; `tags` is a JSON list.
CREATE TABLE mood_moments (
    user_id        BLOB    NOT NULL,
    id             BLOB    NOT NULL,
    felt_at        INTEGER NOT NULL,
    date           INTEGER NOT NULL,
    value          INTEGER NOT NULL,
    note           TEXT,
    tags           TEXT    NOT NULL,
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL,
    rev            INTEGER NOT NULL,
    request_digest BLOB    NOT NULL,
    PRIMARY KEY (user_id, id),
    CONSTRAINT mood_moments_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT mood_moments_date_check CHECK (date BETWEEN 0 AND 84005),
    CONSTRAINT mood_moments_value_check CHECK (value BETWEEN 0 AND 10),
    CONSTRAINT mood_moments_note_check CHECK (length(note) BETWEEN 1 AND 1000),
    CONSTRAINT mood_moments_tags_check CHECK (length(tags) BETWEEN 2 AND 2000),
    CONSTRAINT mood_moments_rev_check CHECK (rev >= 1),
    CONSTRAINT mood_moments_user_id_check CHECK (length(user_id) = 16),
    CONSTRAINT mood_moments_id_check CHECK (length(id) = 16),
    CONSTRAINT mood_moments_request_digest_check CHECK (length(request_digest) = 32)
) STRICT, WITHOUT ROWID;
CREATE INDEX mood_moments_date_idx ON mood_moments (user_id, date);
CREATE INDEX mood_moments_rev_idx ON mood_moments (user_id, rev);
