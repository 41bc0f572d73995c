-- Personal access tokens. Of their secrets only SHA-256 is kept.
CREATE TABLE personal_tokens (
    user_id      BLOB    NOT NULL,
    id           BLOB    NOT NULL,
    name         TEXT    NOT NULL,
    scopes       TEXT    NOT NULL,
    secret_hash  BLOB    NOT NULL,
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    last_used_at INTEGER,
    rev          INTEGER NOT NULL,
    PRIMARY KEY (user_id, id),
    CONSTRAINT personal_tokens_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT personal_tokens_name_check CHECK (length(name) BETWEEN 1 AND 100),
    CONSTRAINT personal_tokens_scopes_check CHECK (length(scopes) BETWEEN 1 AND 400),
    CONSTRAINT personal_tokens_expires_at_check CHECK (expires_at > created_at),
    CONSTRAINT personal_tokens_rev_check CHECK (rev >= 1),
    CONSTRAINT personal_tokens_user_id_check CHECK (length(user_id) = 16),
    CONSTRAINT personal_tokens_id_check CHECK (length(id) = 16),
    CONSTRAINT personal_tokens_secret_hash_check CHECK (length(secret_hash) = 32)
) STRICT, WITHOUT ROWID;
CREATE INDEX personal_tokens_expires_at_idx ON personal_tokens (expires_at);
