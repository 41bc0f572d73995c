-- Signed-in sessions. Only the SHA-256 of their secrets is kept. `first_factor` is how the user signed in; it decides
-- what may be done without asking again.
CREATE TABLE sessions (
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
    CONSTRAINT sessions_first_factor_check CHECK (first_factor IN ('password', 'google')),
    CONSTRAINT sessions_generation_check CHECK (generation >= 0),
    CONSTRAINT sessions_device_check CHECK (length(device) BETWEEN 0 AND 100),
    CONSTRAINT sessions_user_agent_check CHECK (length(user_agent) BETWEEN 0 AND 400),
    CONSTRAINT sessions_ip_check CHECK (length(ip) BETWEEN 2 AND 45),
    CONSTRAINT sessions_expires_at_check CHECK (expires_at >= created_at),
    CONSTRAINT sessions_user_id_check CHECK (length(user_id) = 16),
    CONSTRAINT sessions_id_check CHECK (length(id) = 16),
    CONSTRAINT sessions_secret_hash_check CHECK (length(secret_hash) = 32)
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_expires_at_idx ON sessions (expires_at);
CREATE INDEX sessions_revoked_at_idx ON sessions (revoked_at);

-- Feed of ended sessions that replicas follow. Without `session_id`, all sessions of the user opened until then
-- ended; with `of_role`, none did, but the user's role has to be read again. No foreign key: deleted accounts are
-- listed too.
CREATE TABLE revocations (
    id         INTEGER PRIMARY KEY,
    user_id    BLOB    NOT NULL,
    session_id BLOB,
    revoked_at INTEGER NOT NULL,
    of_role    INTEGER NOT NULL DEFAULT 0,
    CONSTRAINT revocations_user_id_check CHECK (length(user_id) = 16),
    CONSTRAINT revocations_session_id_check CHECK (length(session_id) = 16),
    CONSTRAINT revocations_of_role_check CHECK (of_role IN (0, 1))
) STRICT;
CREATE INDEX revocations_revoked_at_idx ON revocations (revoked_at);

-- Single-use tokens sent by mail, one per user and purpose. Only their SHA-256 is kept. `email` is the address that a
-- token was sent to.
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

-- Personal access tokens. Only the SHA-256 of their secrets is kept.
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

-- Short-lived values, encrypted under the master key, found by the hash of a secret.
CREATE TABLE ephemera (
    kind       TEXT    NOT NULL,
    key_hash   BLOB    NOT NULL,
    sealed     BLOB    NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (kind, key_hash),
    CONSTRAINT ephemera_kind_check CHECK (length(kind) BETWEEN 1 AND 32),
    CONSTRAINT ephemera_sealed_check CHECK (length(sealed) BETWEEN 1 AND 4096),
    CONSTRAINT ephemera_key_hash_check CHECK (length(key_hash) = 32)
) STRICT, WITHOUT ROWID;
CREATE INDEX ephemera_expires_at_idx ON ephemera (expires_at);

-- Every attempt to sign in. The key is the attempt's own id, because many belong to no user; `identifier_hash` groups
-- attempts on one unknown account. `second_factor_required` means that the first factor was right.
CREATE TABLE login_attempts (
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
CREATE INDEX login_attempts_user_idx ON login_attempts (user_id, attempted_at, failure);
CREATE INDEX login_attempts_attempted_at_idx ON login_attempts (attempted_at);

-- Security events of accounts: ids, words and numbers, no personal data. No foreign keys: events outlive their
-- accounts.
CREATE TABLE audit_events (
    id          BLOB    NOT NULL,
    occurred_at INTEGER NOT NULL,
    actor_id    BLOB,
    subject_id  BLOB,
    session_id  BLOB,
    action      TEXT    NOT NULL,
    outcome     TEXT    NOT NULL,
    details     TEXT    NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT audit_events_action_check CHECK (length(action) BETWEEN 1 AND 40),
    CONSTRAINT audit_events_outcome_check CHECK (outcome IN ('done', 'refused')),
    CONSTRAINT audit_events_details_check CHECK (length(details) BETWEEN 2 AND 2000),
    CONSTRAINT audit_events_id_check CHECK (length(id) = 16),
    CONSTRAINT audit_events_actor_id_check CHECK (length(actor_id) = 16),
    CONSTRAINT audit_events_subject_id_check CHECK (length(subject_id) = 16),
    CONSTRAINT audit_events_session_id_check CHECK (length(session_id) = 16)
) STRICT, WITHOUT ROWID;
CREATE INDEX audit_events_occurred_at_idx ON audit_events (occurred_at, id);
CREATE INDEX audit_events_subject_idx ON audit_events (subject_id, occurred_at, id);
