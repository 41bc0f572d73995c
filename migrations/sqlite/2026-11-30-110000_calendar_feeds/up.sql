-- Secret addresses that show a user's habits, tasks and sleep to calendar programs: at most one a user. `include` is what is
-- shown: words, with a blank between.
CREATE TABLE calendar_feeds (
    user_id     BLOB    NOT NULL,
    secret_hash BLOB    NOT NULL,
    include     TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    rev         INTEGER NOT NULL,
    PRIMARY KEY (user_id),
    CONSTRAINT calendar_feeds_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT calendar_feeds_include_check CHECK (length(include) BETWEEN 1 AND 100),
    CONSTRAINT calendar_feeds_rev_check CHECK (rev >= 1),
    CONSTRAINT calendar_feeds_user_id_check CHECK (length(user_id) = 16),
    CONSTRAINT calendar_feeds_secret_hash_check CHECK (length(secret_hash) = 32)
) STRICT, WITHOUT ROWID;
