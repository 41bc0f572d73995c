-- Tokens that are good once, sent by mail: one for each user and purpose. Only SHA-256 of them is kept. `email` is the
-- address that one was sent to.
CREATE TABLE one_time_tokens (
    user_id    BINARY(16)   NOT NULL,
    purpose    VARCHAR(14)  NOT NULL,
    token_hash BINARY(32)   NOT NULL,
    email      VARCHAR(254) NOT NULL,
    created_at DATETIME(6)  NOT NULL,
    expires_at DATETIME(6)  NOT NULL,
    PRIMARY KEY (user_id, purpose),
    CONSTRAINT one_time_tokens_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT one_time_tokens_purpose_check CHECK (purpose IN ('verify_email', 'reset_password', 'change_email')),
    CONSTRAINT one_time_tokens_email_check CHECK (char_length(email) BETWEEN 3 AND 254),
    CONSTRAINT one_time_tokens_expires_at_check CHECK (expires_at > created_at),
    INDEX one_time_tokens_expires_at_idx (expires_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;
