-- Signed-in sessions. Of their secrets only SHA-256 is kept.
CREATE TABLE sessions (
    user_id      UUID        NOT NULL,
    id           UUID        NOT NULL,
    kind         TEXT        NOT NULL,
    secret_hash  BYTEA       NOT NULL,
    generation   INTEGER     NOT NULL,
    rotated_at   TIMESTAMPTZ NOT NULL,
    device       TEXT,
    user_agent   TEXT,
    ip           TEXT,
    created_at   TIMESTAMPTZ NOT NULL,
    last_used_at TIMESTAMPTZ NOT NULL,
    expires_at   TIMESTAMPTZ NOT NULL,
    revoked_at   TIMESTAMPTZ,
    PRIMARY KEY (user_id, id),
    CONSTRAINT sessions_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT sessions_kind_check CHECK (kind IN ('token', 'cookie')),
    CONSTRAINT sessions_generation_check CHECK (generation >= 0),
    CONSTRAINT sessions_device_check CHECK (char_length(device) BETWEEN 0 AND 100),
    CONSTRAINT sessions_user_agent_check CHECK (char_length(user_agent) BETWEEN 0 AND 400),
    CONSTRAINT sessions_ip_check CHECK (char_length(ip) BETWEEN 2 AND 45),
    CONSTRAINT sessions_expires_at_check CHECK (expires_at >= created_at),
    CONSTRAINT sessions_secret_hash_check CHECK (octet_length(secret_hash) = 32)
);
CREATE INDEX sessions_expires_at_idx ON sessions (expires_at);
CREATE INDEX sessions_revoked_at_idx ON sessions (revoked_at);
