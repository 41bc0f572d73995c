-- Secrets that replicas share, encrypted under the master key.
CREATE TABLE server_keys (
    kid        TEXT    NOT NULL,
    purpose    TEXT    NOT NULL,
    sealed     BLOB    NOT NULL,
    created_at INTEGER NOT NULL,
    retires_at INTEGER,
    PRIMARY KEY (kid),
    CONSTRAINT server_keys_kid_check CHECK (length(kid) BETWEEN 1 AND 64),
    CONSTRAINT server_keys_purpose_check CHECK (purpose IN ('access_token', 'refresh_token', 'login')),
    CONSTRAINT server_keys_sealed_check CHECK (length(sealed) BETWEEN 1 AND 16384)
) STRICT, WITHOUT ROWID;

-- Background jobs: enqueued in the transaction that causes them, leased by workers. `payload` is encrypted, and
-- removed when the job is done or given up; `attempts` tells the leases of a job apart.
CREATE TABLE jobs (
    id           BLOB    NOT NULL,
    kind         TEXT    NOT NULL,
    user_id      BLOB,
    payload      BLOB,
    state        TEXT    NOT NULL,
    run_at       INTEGER NOT NULL,
    attempts     INTEGER NOT NULL,
    leased_until INTEGER,
    last_error   TEXT,
    created_at   INTEGER NOT NULL,
    finished_at  INTEGER,
    PRIMARY KEY (id),
    CONSTRAINT jobs_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT jobs_kind_check CHECK (length(kind) BETWEEN 1 AND 40),
    CONSTRAINT jobs_payload_check CHECK (length(payload) BETWEEN 1 AND 65536),
    CONSTRAINT jobs_state_check CHECK (state IN ('waiting', 'done', 'dead')),
    CONSTRAINT jobs_attempts_check CHECK (attempts >= 0),
    CONSTRAINT jobs_last_error_check CHECK (length(last_error) BETWEEN 1 AND 500),
    CONSTRAINT jobs_finished_at_check CHECK ((state = 'waiting') = (finished_at IS NULL)),
    CONSTRAINT jobs_id_check CHECK (length(id) = 16),
    CONSTRAINT jobs_user_id_check CHECK (length(user_id) = 16)
) STRICT, WITHOUT ROWID;
CREATE INDEX jobs_state_idx ON jobs (state, run_at);
CREATE INDEX jobs_user_idx ON jobs (user_id);

-- Quotations of a provider, in sets. A set is in force from its date until the next set's date. They belong to no
-- user.
CREATE TABLE quotes (
    valid_from INTEGER NOT NULL,
    position   INTEGER NOT NULL,
    text       TEXT    NOT NULL,
    author     TEXT    NOT NULL,
    locale     TEXT,
    PRIMARY KEY (valid_from, position),
    CONSTRAINT quotes_valid_from_check CHECK (valid_from BETWEEN 0 AND 84005),
    CONSTRAINT quotes_position_check CHECK (position >= 0),
    CONSTRAINT quotes_text_check CHECK (length(text) BETWEEN 1 AND 500),
    CONSTRAINT quotes_author_check CHECK (length(author) BETWEEN 1 AND 100),
    CONSTRAINT quotes_locale_check CHECK (length(locale) BETWEEN 2 AND 35)
) STRICT, WITHOUT ROWID;

-- One row for all replicas: when to ask the provider of quotations next, and until when a replica holds the lease to
-- do so.
CREATE TABLE quote_feed (
    id           INTEGER NOT NULL,
    next_at      INTEGER NOT NULL,
    leased_until INTEGER NOT NULL,
    failures     INTEGER NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT quote_feed_id_check CHECK (id = 1),
    CONSTRAINT quote_feed_failures_check CHECK (failures >= 0)
) STRICT, WITHOUT ROWID;
INSERT INTO quote_feed (id, next_at, leased_until, failures) VALUES (1, 0, 0, 0);
