CREATE TABLE old_login_attempts (
    id              BLOB    NOT NULL,
    user_id         BLOB,
    identifier_hash BLOB    NOT NULL,
    attempted_at    INTEGER NOT NULL,
    ip              TEXT,
    user_agent      TEXT,
    method          TEXT    NOT NULL,
    failure         TEXT,
    PRIMARY KEY (id),
    CONSTRAINT login_attempts_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT login_attempts_ip_check CHECK (length(ip) BETWEEN 2 AND 45),
    CONSTRAINT login_attempts_user_agent_check CHECK (length(user_agent) BETWEEN 0 AND 400),
    CONSTRAINT login_attempts_method_check CHECK (method IN ('password', 'google', 'totp')),
    CONSTRAINT login_attempts_failure_check CHECK (failure IN ('unknown_user', 'wrong_password', 'inactive', 'email_not_verified', 'wrong_code', 'second_factor_required')),
    CONSTRAINT login_attempts_id_check CHECK (length(id) = 16),
    CONSTRAINT login_attempts_user_id_check CHECK (length(user_id) = 16),
    CONSTRAINT login_attempts_identifier_hash_check CHECK (length(identifier_hash) = 32)
) STRICT, WITHOUT ROWID;
INSERT INTO old_login_attempts (id, user_id, identifier_hash, attempted_at, ip, user_agent, method, failure)
    SELECT id, user_id, identifier_hash, attempted_at, ip, user_agent, method, failure FROM login_attempts;
DROP TABLE login_attempts;
ALTER TABLE old_login_attempts RENAME TO login_attempts;
CREATE INDEX login_attempts_user_idx ON login_attempts (user_id, attempted_at, failure);
CREATE INDEX login_attempts_attempted_at_idx ON login_attempts (attempted_at);
