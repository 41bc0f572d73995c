-- Personal access tokens. Of their secrets only SHA-256 is kept.
CREATE TABLE personal_tokens (
    user_id      UUID        NOT NULL,
    id           UUID        NOT NULL,
    name         TEXT        NOT NULL,
    scopes       TEXT        NOT NULL,
    secret_hash  BYTEA       NOT NULL,
    created_at   TIMESTAMPTZ NOT NULL,
    expires_at   TIMESTAMPTZ NOT NULL,
    last_used_at TIMESTAMPTZ,
    rev          BIGINT      NOT NULL,
    PRIMARY KEY (user_id, id),
    CONSTRAINT personal_tokens_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT personal_tokens_name_check CHECK (char_length(name) BETWEEN 1 AND 100),
    CONSTRAINT personal_tokens_scopes_check CHECK (char_length(scopes) BETWEEN 1 AND 400),
    CONSTRAINT personal_tokens_expires_at_check CHECK (expires_at > created_at),
    CONSTRAINT personal_tokens_rev_check CHECK (rev >= 1),
    CONSTRAINT personal_tokens_secret_hash_check CHECK (octet_length(secret_hash) = 32)
);
CREATE INDEX personal_tokens_expires_at_idx ON personal_tokens (expires_at);
