-- Signed-in sessions. Only the SHA-256 of their secrets is kept. `first_factor` is how the user signed in; it decides
-- what may be done without asking again.
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
    first_factor TEXT        NOT NULL DEFAULT 'password',
    PRIMARY KEY (user_id, id),
    CONSTRAINT sessions_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT sessions_kind_check CHECK (kind IN ('token', 'cookie')),
    CONSTRAINT sessions_first_factor_check CHECK (first_factor IN ('password', 'google')),
    CONSTRAINT sessions_generation_check CHECK (generation >= 0),
    CONSTRAINT sessions_device_check CHECK (char_length(device) BETWEEN 0 AND 100),
    CONSTRAINT sessions_user_agent_check CHECK (char_length(user_agent) BETWEEN 0 AND 400),
    CONSTRAINT sessions_ip_check CHECK (char_length(ip) BETWEEN 2 AND 45),
    CONSTRAINT sessions_expires_at_check CHECK (expires_at >= created_at),
    CONSTRAINT sessions_secret_hash_check CHECK (octet_length(secret_hash) = 32)
);
CREATE INDEX sessions_expires_at_idx ON sessions (expires_at);
CREATE INDEX sessions_revoked_at_idx ON sessions (revoked_at);

-- Feed of ended sessions that replicas follow. Without `session_id`, all sessions of the user opened until then
-- ended; with `of_role`, none did, but the user's role has to be read again. No foreign key: deleted accounts are
-- listed too.
CREATE TABLE revocations (
    id         BIGINT GENERATED ALWAYS AS IDENTITY NOT NULL,
    user_id    UUID                                NOT NULL,
    session_id UUID,
    revoked_at TIMESTAMPTZ                         NOT NULL,
    of_role    BOOLEAN                             NOT NULL DEFAULT FALSE,
    PRIMARY KEY (id)
);
CREATE INDEX revocations_revoked_at_idx ON revocations (revoked_at);

-- Single-use tokens sent by mail, one per user and purpose. Only their SHA-256 is kept. `email` is the address that a
-- token was sent to.
CREATE TABLE one_time_tokens (
    user_id    UUID        NOT NULL,
    purpose    TEXT        NOT NULL,
    token_hash BYTEA       NOT NULL,
    email      TEXT        NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (user_id, purpose),
    CONSTRAINT one_time_tokens_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT one_time_tokens_purpose_check CHECK (purpose IN ('verify_email', 'reset_password', 'change_email')),
    CONSTRAINT one_time_tokens_email_check CHECK (char_length(email) BETWEEN 3 AND 254),
    CONSTRAINT one_time_tokens_expires_at_check CHECK (expires_at > created_at),
    CONSTRAINT one_time_tokens_token_hash_check CHECK (octet_length(token_hash) = 32)
);
CREATE INDEX one_time_tokens_expires_at_idx ON one_time_tokens (expires_at);

-- Personal access tokens. Only the SHA-256 of their secrets is kept.
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

-- Short-lived values, encrypted under the master key, found by the hash of a secret.
CREATE TABLE ephemera (
    kind       TEXT        NOT NULL,
    key_hash   BYTEA       NOT NULL,
    sealed     BYTEA       NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (kind, key_hash),
    CONSTRAINT ephemera_kind_check CHECK (char_length(kind) BETWEEN 1 AND 32),
    CONSTRAINT ephemera_sealed_check CHECK (octet_length(sealed) BETWEEN 1 AND 4096),
    CONSTRAINT ephemera_key_hash_check CHECK (octet_length(key_hash) = 32)
);
CREATE INDEX ephemera_expires_at_idx ON ephemera (expires_at);

-- Every attempt to sign in. The key is the attempt's own id, because many belong to no user; `identifier_hash` groups
-- attempts on one unknown account. `second_factor_required` means that the first factor was right.
CREATE TABLE login_attempts (
    id              UUID        NOT NULL,
    user_id         UUID,
    identifier_hash BYTEA       NOT NULL,
    attempted_at    TIMESTAMPTZ NOT NULL,
    ip              TEXT,
    user_agent      TEXT,
    method          TEXT        NOT NULL,
    failure         TEXT,
    PRIMARY KEY (id),
    CONSTRAINT login_attempts_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT login_attempts_ip_check CHECK (char_length(ip) BETWEEN 2 AND 45),
    CONSTRAINT login_attempts_user_agent_check CHECK (char_length(user_agent) BETWEEN 0 AND 400),
    CONSTRAINT login_attempts_method_check CHECK (method IN ('password', 'google', 'totp')),
    CONSTRAINT login_attempts_failure_check CHECK (failure IN ('unknown_user', 'wrong_password', 'inactive', 'email_not_verified', 'wrong_code', 'second_factor_required')),
    CONSTRAINT login_attempts_identifier_hash_check CHECK (octet_length(identifier_hash) = 32)
);
CREATE INDEX login_attempts_user_idx ON login_attempts (user_id, attempted_at, failure);
CREATE INDEX login_attempts_attempted_at_idx ON login_attempts (attempted_at);

-- Security events of accounts: ids, words and numbers, no personal data. No foreign keys: events outlive their
-- accounts.
CREATE TABLE audit_events (
    id          UUID        NOT NULL,
    occurred_at TIMESTAMPTZ NOT NULL,
    actor_id    UUID,
    subject_id  UUID,
    session_id  UUID,
    action      TEXT        NOT NULL,
    outcome     TEXT        NOT NULL,
    details     TEXT        NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT audit_events_action_check CHECK (char_length(action) BETWEEN 1 AND 40),
    CONSTRAINT audit_events_outcome_check CHECK (outcome IN ('done', 'refused')),
    CONSTRAINT audit_events_details_check CHECK (char_length(details) BETWEEN 2 AND 2000)
);
CREATE INDEX audit_events_occurred_at_idx ON audit_events (occurred_at, id);
CREATE INDEX audit_events_subject_idx ON audit_events (subject_id, occurred_at, id);
