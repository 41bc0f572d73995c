-- Every attempt to sign in. Keyed by its own id, for many belong to no user; `identifier_hash` tells attempts on one
-- unknown account to belong together.
CREATE TABLE login_attempts (
    id              BINARY(16)   NOT NULL,
    user_id         BINARY(16),
    identifier_hash BINARY(32)   NOT NULL,
    attempted_at    DATETIME(6)  NOT NULL,
    ip              VARCHAR(45),
    user_agent      VARCHAR(400),
    method          VARCHAR(8)   NOT NULL,
    failure         VARCHAR(18),
    PRIMARY KEY (id),
    CONSTRAINT login_attempts_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT login_attempts_ip_check CHECK (char_length(ip) BETWEEN 2 AND 45),
    CONSTRAINT login_attempts_user_agent_check CHECK (char_length(user_agent) BETWEEN 0 AND 400),
    CONSTRAINT login_attempts_method_check CHECK (method IN ('password', 'google', 'totp')),
    CONSTRAINT login_attempts_failure_check CHECK (failure IN ('unknown_user', 'wrong_password', 'inactive', 'email_not_verified', 'wrong_code')),
    INDEX login_attempts_user_idx (user_id, attempted_at, failure),
    INDEX login_attempts_attempted_at_idx (attempted_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;
