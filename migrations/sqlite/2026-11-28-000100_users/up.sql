-- Accounts. `username_key` is the normalised username: it decides uniqueness, so that no collation does. `free_days`
-- is a bit mask, bit 0 is Monday.
CREATE TABLE users (
    id                 BLOB    NOT NULL,
    username           TEXT    NOT NULL,
    username_key       TEXT    NOT NULL,
    email              TEXT    NOT NULL,
    email_verified_at  INTEGER,
    password_hash      TEXT,
    role               TEXT    NOT NULL,
    active             INTEGER NOT NULL,
    timezone           TEXT    NOT NULL,
    day_start_minutes  INTEGER NOT NULL,
    week_start         TEXT    NOT NULL,
    locale             TEXT    NOT NULL,
    color_scheme       TEXT    NOT NULL,
    sleep_goal_minutes INTEGER NOT NULL,
    free_days          INTEGER NOT NULL,
    created_at         INTEGER NOT NULL,
    updated_at         INTEGER NOT NULL,
    rev                INTEGER NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT users_username_key UNIQUE (username_key),
    CONSTRAINT users_email_key UNIQUE (email),
    CONSTRAINT users_username_check CHECK (length(username) BETWEEN 3 AND 32),
    CONSTRAINT users_username_key_check CHECK (length(username_key) BETWEEN 3 AND 32),
    CONSTRAINT users_email_check CHECK (length(email) BETWEEN 3 AND 254),
    CONSTRAINT users_password_hash_check CHECK (length(password_hash) BETWEEN 1 AND 255),
    CONSTRAINT users_role_check CHECK (role IN ('regular', 'staff', 'superuser')),
    CONSTRAINT users_timezone_check CHECK (length(timezone) BETWEEN 1 AND 64),
    CONSTRAINT users_day_start_minutes_check CHECK (day_start_minutes BETWEEN 0 AND 1439),
    CONSTRAINT users_week_start_check CHECK (week_start IN ('mo', 'tu', 'we', 'th', 'fr', 'sa', 'su')),
    CONSTRAINT users_locale_check CHECK (length(locale) BETWEEN 2 AND 35),
    CONSTRAINT users_color_scheme_check CHECK (color_scheme IN ('light', 'dark', 'system')),
    CONSTRAINT users_sleep_goal_minutes_check CHECK (sleep_goal_minutes BETWEEN 60 AND 960),
    CONSTRAINT users_free_days_check CHECK (free_days BETWEEN 0 AND 127),
    CONSTRAINT users_rev_check CHECK (rev >= 1),
    CONSTRAINT users_id_check CHECK (length(id) = 16),
    CONSTRAINT users_active_check CHECK (active IN (0, 1))
) STRICT, WITHOUT ROWID;
CREATE INDEX users_role_idx ON users (role);

-- The revision of each user. Every write transaction of a user raises it first: that serialises the user's writers,
-- and it is the cursor of delta sync.
CREATE TABLE user_revisions (
    user_id BLOB    NOT NULL,
    rev     INTEGER NOT NULL,
    PRIMARY KEY (user_id),
    CONSTRAINT user_revisions_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT user_revisions_rev_check CHECK (rev >= 1),
    CONSTRAINT user_revisions_user_id_check CHECK (length(user_id) = 16)
) STRICT, WITHOUT ROWID;

-- One row per rule that spans users. A transaction that updates the row holds the lock until it ends.
CREATE TABLE global_locks (
    name  TEXT    NOT NULL,
    taken INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (name)
) STRICT, WITHOUT ROWID;
INSERT INTO global_locks (name, taken) VALUES ('server_keys', 0), ('superusers', 0);

-- Accounts at sign-in providers, linked to users. `subject` identifies the account at the provider and never changes;
-- `email` is the address that the provider confirmed when the two were linked.
CREATE TABLE identities (
    user_id   BLOB    NOT NULL,
    provider  TEXT    NOT NULL,
    subject   TEXT    NOT NULL,
    email     TEXT    NOT NULL,
    linked_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, provider),
    CONSTRAINT identities_subject_key UNIQUE (provider, subject),
    CONSTRAINT identities_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT identities_provider_check CHECK (provider IN ('google')),
    CONSTRAINT identities_subject_check CHECK (length(subject) BETWEEN 1 AND 255),
    CONSTRAINT identities_email_check CHECK (length(email) BETWEEN 3 AND 254),
    CONSTRAINT identities_user_id_check CHECK (length(user_id) = 16)
) STRICT, WITHOUT ROWID;

-- TOTP second factors: the encrypted secret and the latest time step whose code was accepted. `guesses_until` is the
-- rate limiter's state for wrong codes.
CREATE TABLE totp_factors (
    user_id       BLOB    NOT NULL,
    sealed        BLOB    NOT NULL,
    created_at    INTEGER NOT NULL,
    confirmed_at  INTEGER,
    last_step     INTEGER,
    guesses_until INTEGER,
    PRIMARY KEY (user_id),
    CONSTRAINT totp_factors_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT totp_factors_sealed_check CHECK (length(sealed) BETWEEN 1 AND 1024),
    CONSTRAINT totp_factors_last_step_check CHECK (last_step >= 0),
    CONSTRAINT totp_factors_user_id_check CHECK (length(user_id) = 16)
) STRICT, WITHOUT ROWID;

-- Recovery codes for a lost second factor, as keyed hashes. A used code is deleted.
CREATE TABLE recovery_codes (
    user_id    BLOB    NOT NULL,
    code_hash  BLOB    NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, code_hash),
    CONSTRAINT recovery_codes_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT recovery_codes_user_id_check CHECK (length(user_id) = 16),
    CONSTRAINT recovery_codes_code_hash_check CHECK (length(code_hash) = 32)
) STRICT, WITHOUT ROWID;
