-- MySQL commits every DDL statement by itself. If this migration fails half-way it is run again from the start, so
-- each statement skips what is already there.

-- Signed-in sessions. Only the SHA-256 of their secrets is kept. `first_factor` is how the user signed in; it decides
-- what may be done without asking again.
CREATE TABLE IF NOT EXISTS sessions (
    user_id      BINARY(16)  NOT NULL,
    id           BINARY(16)  NOT NULL,
    kind         VARCHAR(6)  NOT NULL,
    secret_hash  BINARY(32)  NOT NULL,
    generation   INTEGER     NOT NULL,
    rotated_at   DATETIME(6) NOT NULL,
    device       VARCHAR(100),
    user_agent   VARCHAR(400),
    ip           VARCHAR(45),
    created_at   DATETIME(6) NOT NULL,
    last_used_at DATETIME(6) NOT NULL,
    expires_at   DATETIME(6) NOT NULL,
    revoked_at   DATETIME(6),
    first_factor VARCHAR(8)  NOT NULL DEFAULT 'password',
    PRIMARY KEY (user_id, id),
    CONSTRAINT sessions_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT sessions_kind_check CHECK (kind IN ('token', 'cookie')),
    CONSTRAINT sessions_first_factor_check CHECK (first_factor IN ('password', 'google')),
    CONSTRAINT sessions_generation_check CHECK (generation >= 0),
    CONSTRAINT sessions_device_check CHECK (char_length(device) BETWEEN 0 AND 100),
    CONSTRAINT sessions_user_agent_check CHECK (char_length(user_agent) BETWEEN 0 AND 400),
    CONSTRAINT sessions_ip_check CHECK (char_length(ip) BETWEEN 2 AND 45),
    CONSTRAINT sessions_expires_at_check CHECK (expires_at >= created_at),
    INDEX sessions_expires_at_idx (expires_at),
    INDEX sessions_revoked_at_idx (revoked_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;

-- Feed of ended sessions that replicas follow. Without `session_id`, all sessions of the user opened until then
-- ended; with `of_role`, none did, but the user's role has to be read again. No foreign key: deleted accounts are
-- listed too.
CREATE TABLE IF NOT EXISTS revocations (
    id         BIGINT AUTO_INCREMENT NOT NULL,
    user_id    BINARY(16)            NOT NULL,
    session_id BINARY(16),
    revoked_at DATETIME(6)           NOT NULL,
    of_role    BOOLEAN               NOT NULL DEFAULT FALSE,
    PRIMARY KEY (id),
    INDEX revocations_revoked_at_idx (revoked_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;

-- Single-use tokens sent by mail, one per user and purpose. Only their SHA-256 is kept. `email` is the address that a
-- token was sent to.
CREATE TABLE IF NOT EXISTS one_time_tokens (
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

-- Personal access tokens. Only the SHA-256 of their secrets is kept.
CREATE TABLE IF NOT EXISTS personal_tokens (
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

-- Short-lived values, encrypted under the master key, found by the hash of a secret.
CREATE TABLE IF NOT EXISTS ephemera (
    kind       VARCHAR(32)     NOT NULL,
    key_hash   BINARY(32)      NOT NULL,
    sealed     VARBINARY(4096) NOT NULL,
    expires_at DATETIME(6)     NOT NULL,
    PRIMARY KEY (kind, key_hash),
    CONSTRAINT ephemera_kind_check CHECK (char_length(kind) BETWEEN 1 AND 32),
    CONSTRAINT ephemera_sealed_check CHECK (length(sealed) BETWEEN 1 AND 4096),
    INDEX ephemera_expires_at_idx (expires_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;

-- Every attempt to sign in. The key is the attempt's own id, because many belong to no user; `identifier_hash` groups
-- attempts on one unknown account. `second_factor_required` means that the first factor was right.
CREATE TABLE IF NOT EXISTS login_attempts (
    id              BINARY(16)   NOT NULL,
    user_id         BINARY(16),
    identifier_hash BINARY(32)   NOT NULL,
    attempted_at    DATETIME(6)  NOT NULL,
    ip              VARCHAR(45),
    user_agent      VARCHAR(400),
    method          VARCHAR(8)   NOT NULL,
    failure         VARCHAR(22),
    PRIMARY KEY (id),
    CONSTRAINT login_attempts_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT login_attempts_ip_check CHECK (char_length(ip) BETWEEN 2 AND 45),
    CONSTRAINT login_attempts_user_agent_check CHECK (char_length(user_agent) BETWEEN 0 AND 400),
    CONSTRAINT login_attempts_method_check CHECK (method IN ('password', 'google', 'totp')),
    CONSTRAINT login_attempts_failure_check CHECK (failure IN ('unknown_user', 'wrong_password', 'inactive', 'email_not_verified', 'wrong_code', 'second_factor_required')),
    INDEX login_attempts_user_idx (user_id, attempted_at, failure),
    INDEX login_attempts_attempted_at_idx (attempted_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;

-- Security events of accounts: ids, words and numbers, no personal data. No foreign keys: events outlive their
-- accounts.
CREATE TABLE IF NOT EXISTS audit_events (
    id          BINARY(16)    NOT NULL,
    occurred_at DATETIME(6)   NOT NULL,
    actor_id    BINARY(16),
    subject_id  BINARY(16),
    session_id  BINARY(16),
    action      VARCHAR(40)   NOT NULL,
    outcome     VARCHAR(7)    NOT NULL,
    details     VARCHAR(2000) NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT audit_events_action_check CHECK (char_length(action) BETWEEN 1 AND 40),
    CONSTRAINT audit_events_outcome_check CHECK (outcome IN ('done', 'refused')),
    CONSTRAINT audit_events_details_check CHECK (char_length(details) BETWEEN 2 AND 2000),
    INDEX audit_events_occurred_at_idx (occurred_at, id),
    INDEX audit_events_subject_idx (subject_id, occurred_at, id)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;
