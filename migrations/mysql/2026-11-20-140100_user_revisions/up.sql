-- Raised by each of a user's write transactions before anything else: what serialises them, and the cursor of delta sync.
CREATE TABLE user_revisions (
    user_id BINARY(16) NOT NULL,
    rev     BIGINT     NOT NULL,
    PRIMARY KEY (user_id),
    CONSTRAINT user_revisions_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT user_revisions_rev_check CHECK (rev >= 1)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;
