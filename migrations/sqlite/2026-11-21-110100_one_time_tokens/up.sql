-- Tokens that are good once, sent by mail: one for each user and purpose. Only SHA-256 of them is kept. `email` is the
-- address that one was sent to.
CREATE TABLE one_time_tokens (
    user_id    BLOB    NOT NULL,
    purpose    TEXT    NOT NULL,
    token_hash BLOB    NOT NULL,
    email      TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, purpose),
    CONSTRAINT one_time_tokens_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT one_time_tokens_purpose_check CHECK (purpose IN ('verify_email', 'reset_password', 'change_email')),
    CONSTRAINT one_time_tokens_email_check CHECK (length(email) BETWEEN 3 AND 254),
    CONSTRAINT one_time_tokens_expires_at_check CHECK (expires_at > created_at),
    CONSTRAINT one_time_tokens_user_id_check CHECK (length(user_id) = 16),
    CONSTRAINT one_time_tokens_token_hash_check CHECK (length(token_hash) = 32)
) STRICT, WITHOUT ROWID;
CREATE INDEX one_time_tokens_expires_at_idx ON one_time_tokens (expires_at);
