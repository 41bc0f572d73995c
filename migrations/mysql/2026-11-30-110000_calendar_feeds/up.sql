-- Secret addresses that show a user's habits, tasks and sleep to calendar programs: at most one a user. `include` is what is
-- shown: words, with a blank between.
CREATE TABLE IF NOT EXISTS calendar_feeds (
    user_id     BINARY(16)   NOT NULL,
    secret_hash BINARY(32)   NOT NULL,
    include     VARCHAR(100) NOT NULL,
    created_at  DATETIME(6)  NOT NULL,
    updated_at  DATETIME(6)  NOT NULL,
    rev         BIGINT       NOT NULL,
    PRIMARY KEY (user_id),
    CONSTRAINT calendar_feeds_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT calendar_feeds_include_check CHECK (char_length(include) BETWEEN 1 AND 100),
    CONSTRAINT calendar_feeds_rev_check CHECK (rev >= 1)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;
