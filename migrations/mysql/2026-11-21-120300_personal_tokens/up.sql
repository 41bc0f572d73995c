-- Personal access tokens. Of their secrets only SHA-256 is kept.
CREATE TABLE personal_tokens (
    user_id      BINARY(16)   NOT NULL,
    id           BINARY(16)   NOT NULL,
    name         VARCHAR(100) NOT NULL,
    scopes       VARCHAR(400) NOT NULL,
    secret_hash  BINARY(32)   NOT NULL,
    created_at   DATETIME(6)  NOT NULL,
    expires_at   DATETIME(6)  NOT NULL,
    last_used_at DATETIME(6),
    rev          BIGINT       NOT NULL,
    PRIMARY KEY (user_id, id),
    CONSTRAINT personal_tokens_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT personal_tokens_name_check CHECK (char_length(name) BETWEEN 1 AND 100),
    CONSTRAINT personal_tokens_scopes_check CHECK (char_length(scopes) BETWEEN 1 AND 400),
    CONSTRAINT personal_tokens_expires_at_check CHECK (expires_at > created_at),
    CONSTRAINT personal_tokens_rev_check CHECK (rev >= 1),
    INDEX personal_tokens_expires_at_idx (expires_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;
