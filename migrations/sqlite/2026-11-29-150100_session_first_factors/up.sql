-- A session that was opened through any OpenID provider. The next migration but one renames `google`.
CREATE TABLE new_sessions (
    user_id      BLOB    NOT NULL,
    id           BLOB    NOT NULL,
    kind         TEXT    NOT NULL,
    secret_hash  BLOB    NOT NULL,
    generation   INTEGER NOT NULL,
    rotated_at   INTEGER NOT NULL,
    device       TEXT,
    user_agent   TEXT,
    ip           TEXT,
    created_at   INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    revoked_at   INTEGER,
    first_factor TEXT    NOT NULL DEFAULT 'password',
    PRIMARY KEY (user_id, id),
    CONSTRAINT sessions_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT sessions_kind_check CHECK (kind IN ('token', 'cookie')),
    CONSTRAINT sessions_first_factor_check CHECK (first_factor IN ('password', 'google', 'provider')),
    CONSTRAINT sessions_generation_check CHECK (generation >= 0),
    CONSTRAINT sessions_device_check CHECK (length(device) BETWEEN 0 AND 100),
    CONSTRAINT sessions_user_agent_check CHECK (length(user_agent) BETWEEN 0 AND 400),
    CONSTRAINT sessions_ip_check CHECK (length(ip) BETWEEN 2 AND 45),
    CONSTRAINT sessions_expires_at_check CHECK (expires_at >= created_at),
    CONSTRAINT sessions_user_id_check CHECK (length(user_id) = 16),
    CONSTRAINT sessions_id_check CHECK (length(id) = 16),
    CONSTRAINT sessions_secret_hash_check CHECK (length(secret_hash) = 32)
) STRICT, WITHOUT ROWID;
INSERT INTO new_sessions (user_id, id, kind, secret_hash, generation, rotated_at, device, user_agent, ip, created_at, last_used_at, expires_at, revoked_at, first_factor)
    SELECT user_id, id, kind, secret_hash, generation, rotated_at, device, user_agent, ip, created_at, last_used_at, expires_at, revoked_at, first_factor FROM sessions;
DROP TABLE sessions;
ALTER TABLE new_sessions RENAME TO sessions;
CREATE INDEX sessions_expires_at_idx ON sessions (expires_at);
CREATE INDEX sessions_revoked_at_idx ON sessions (revoked_at);
