-- MySQL commits every DDL statement by itself. If this migration fails half-way it is run again from the start, so
-- each statement skips what is already there.

-- Accounts. `username_key` is the normalised username: it decides uniqueness, so that no collation does. `free_days`
-- is a bit mask, bit 0 is Monday.
CREATE TABLE IF NOT EXISTS users (
    id                 BINARY(16)   NOT NULL,
    username           VARCHAR(32)  NOT NULL,
    username_key       VARCHAR(32)  NOT NULL,
    email              VARCHAR(254) NOT NULL,
    email_verified_at  DATETIME(6),
    password_hash      VARCHAR(255),
    role               VARCHAR(9)   NOT NULL,
    active             BOOLEAN      NOT NULL,
    timezone           VARCHAR(64)  NOT NULL,
    day_start_minutes  INTEGER      NOT NULL,
    week_start         VARCHAR(2)   NOT NULL,
    locale             VARCHAR(35)  NOT NULL,
    color_scheme       VARCHAR(6)   NOT NULL,
    sleep_goal_minutes INTEGER      NOT NULL,
    free_days          INTEGER      NOT NULL,
    created_at         DATETIME(6)  NOT NULL,
    updated_at         DATETIME(6)  NOT NULL,
    rev                BIGINT       NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT users_username_key UNIQUE (username_key),
    CONSTRAINT users_email_key UNIQUE (email),
    CONSTRAINT users_username_check CHECK (char_length(username) BETWEEN 3 AND 32),
    CONSTRAINT users_username_key_check CHECK (char_length(username_key) BETWEEN 3 AND 32),
    CONSTRAINT users_email_check CHECK (char_length(email) BETWEEN 3 AND 254),
    CONSTRAINT users_password_hash_check CHECK (char_length(password_hash) BETWEEN 1 AND 255),
    CONSTRAINT users_role_check CHECK (role IN ('regular', 'staff', 'superuser')),
    CONSTRAINT users_timezone_check CHECK (char_length(timezone) BETWEEN 1 AND 64),
    CONSTRAINT users_day_start_minutes_check CHECK (day_start_minutes BETWEEN 0 AND 1439),
    CONSTRAINT users_week_start_check CHECK (week_start IN ('mo', 'tu', 'we', 'th', 'fr', 'sa', 'su')),
    CONSTRAINT users_locale_check CHECK (char_length(locale) BETWEEN 2 AND 35),
    CONSTRAINT users_color_scheme_check CHECK (color_scheme IN ('light', 'dark', 'system')),
    CONSTRAINT users_sleep_goal_minutes_check CHECK (sleep_goal_minutes BETWEEN 60 AND 960),
    CONSTRAINT users_free_days_check CHECK (free_days BETWEEN 0 AND 127),
    CONSTRAINT users_rev_check CHECK (rev >= 1),
    CONSTRAINT users_active_check CHECK (active IN (0, 1)),
    INDEX users_role_idx (role)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;

-- The revision of each user. Every write transaction of a user raises it first: that serialises the user's writers,
-- and it is the cursor of delta sync.
CREATE TABLE IF NOT EXISTS user_revisions (
    user_id BINARY(16) NOT NULL,
    rev     BIGINT     NOT NULL,
    PRIMARY KEY (user_id),
    CONSTRAINT user_revisions_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT user_revisions_rev_check CHECK (rev >= 1)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;

-- One row per rule that spans users. A transaction that updates the row holds the lock until it ends.
CREATE TABLE IF NOT EXISTS global_locks (
    name  VARCHAR(32) NOT NULL,
    taken BIGINT      NOT NULL DEFAULT 0,
    PRIMARY KEY (name)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;
INSERT IGNORE INTO global_locks (name, taken) VALUES ('server_keys', 0), ('superusers', 0);

-- Accounts at sign-in providers, linked to users. `subject` identifies the account at the provider and never changes;
-- `email` is the address that the provider confirmed when the two were linked.
CREATE TABLE IF NOT EXISTS identities (
    user_id   BINARY(16)   NOT NULL,
    provider  VARCHAR(16)  NOT NULL,
    subject   VARCHAR(255) NOT NULL,
    email     VARCHAR(254) NOT NULL,
    linked_at DATETIME(6)  NOT NULL,
    PRIMARY KEY (user_id, provider),
    CONSTRAINT identities_subject_key UNIQUE (provider, subject),
    CONSTRAINT identities_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT identities_provider_check CHECK (provider IN ('google')),
    CONSTRAINT identities_subject_check CHECK (char_length(subject) BETWEEN 1 AND 255),
    CONSTRAINT identities_email_check CHECK (char_length(email) BETWEEN 3 AND 254)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;

-- TOTP second factors: the encrypted secret and the latest time step whose code was accepted. `guesses_until` is the
-- rate limiter's state for wrong codes.
CREATE TABLE IF NOT EXISTS totp_factors (
    user_id       BINARY(16)  NOT NULL,
    sealed        MEDIUMBLOB  NOT NULL,
    created_at    DATETIME(6) NOT NULL,
    confirmed_at  DATETIME(6),
    last_step     BIGINT,
    guesses_until DATETIME(6),
    PRIMARY KEY (user_id),
    CONSTRAINT totp_factors_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT totp_factors_sealed_check CHECK (length(sealed) BETWEEN 1 AND 1024),
    CONSTRAINT totp_factors_last_step_check CHECK (last_step >= 0)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;

-- Recovery codes for a lost second factor, as keyed hashes. A used code is deleted.
CREATE TABLE IF NOT EXISTS recovery_codes (
    user_id    BINARY(16)  NOT NULL,
    code_hash  BINARY(32)  NOT NULL,
    created_at DATETIME(6) NOT NULL,
    PRIMARY KEY (user_id, code_hash),
    CONSTRAINT recovery_codes_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;
