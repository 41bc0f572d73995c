-- MySQL commits every DDL statement by itself. If this migration fails half-way it is run again from the start, so
-- each statement skips what is already there.

-- Secrets that replicas share, encrypted under the master key.
CREATE TABLE IF NOT EXISTS server_keys (
    kid        VARCHAR(64) NOT NULL,
    purpose    VARCHAR(16) NOT NULL,
    sealed     MEDIUMBLOB  NOT NULL,
    created_at DATETIME(6) NOT NULL,
    retires_at DATETIME(6),
    PRIMARY KEY (kid),
    CONSTRAINT server_keys_kid_check CHECK (char_length(kid) BETWEEN 1 AND 64),
    CONSTRAINT server_keys_purpose_check CHECK (purpose IN ('access_token', 'refresh_token', 'login')),
    CONSTRAINT server_keys_sealed_check CHECK (length(sealed) BETWEEN 1 AND 16384)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;

-- Background jobs: enqueued in the transaction that causes them, leased by workers. `payload` is encrypted, and
-- removed when the job is done or given up; `attempts` tells the leases of a job apart.
CREATE TABLE IF NOT EXISTS jobs (
    id           BINARY(16)   NOT NULL,
    kind         VARCHAR(40)  NOT NULL,
    user_id      BINARY(16),
    payload      MEDIUMBLOB,
    state        VARCHAR(7)   NOT NULL,
    run_at       DATETIME(6)  NOT NULL,
    attempts     INTEGER      NOT NULL,
    leased_until DATETIME(6),
    last_error   VARCHAR(500),
    created_at   DATETIME(6)  NOT NULL,
    finished_at  DATETIME(6),
    PRIMARY KEY (id),
    CONSTRAINT jobs_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT jobs_kind_check CHECK (char_length(kind) BETWEEN 1 AND 40),
    CONSTRAINT jobs_payload_check CHECK (length(payload) BETWEEN 1 AND 65536),
    CONSTRAINT jobs_state_check CHECK (state IN ('waiting', 'done', 'dead')),
    CONSTRAINT jobs_attempts_check CHECK (attempts >= 0),
    CONSTRAINT jobs_last_error_check CHECK (char_length(last_error) BETWEEN 1 AND 500),
    CONSTRAINT jobs_finished_at_check CHECK ((state = 'waiting') = (finished_at IS NULL)),
    INDEX jobs_state_idx (state, run_at),
    INDEX jobs_user_idx (user_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;

-- Quotations of a provider, in sets. A set is in force from its date until the next set's date. They belong to no
-- user.
CREATE TABLE IF NOT EXISTS quotes (
    valid_from DATE         NOT NULL,
    position   INTEGER      NOT NULL,
    text       VARCHAR(500) NOT NULL,
    author     VARCHAR(100) NOT NULL,
    locale     VARCHAR(35),
    PRIMARY KEY (valid_from, position),
    CONSTRAINT quotes_valid_from_check CHECK (valid_from BETWEEN '1970-01-01' AND '2199-12-31'),
    CONSTRAINT quotes_position_check CHECK (position >= 0),
    CONSTRAINT quotes_text_check CHECK (char_length(text) BETWEEN 1 AND 500),
    CONSTRAINT quotes_author_check CHECK (char_length(author) BETWEEN 1 AND 100),
    CONSTRAINT quotes_locale_check CHECK (char_length(locale) BETWEEN 2 AND 35)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;

-- One row for all replicas: when to ask the provider of quotations next, and until when a replica holds the lease to
-- do so.
CREATE TABLE IF NOT EXISTS quote_feed (
    id           INTEGER NOT NULL,
    next_at      DATETIME(6) NOT NULL,
    leased_until DATETIME(6) NOT NULL,
    failures     INTEGER NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT quote_feed_id_check CHECK (id = 1),
    CONSTRAINT quote_feed_failures_check CHECK (failures >= 0)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;
INSERT IGNORE INTO quote_feed (id, next_at, leased_until, failures) VALUES (1, '1970-01-01 00:00:00', '1970-01-01 00:00:00', 0);
