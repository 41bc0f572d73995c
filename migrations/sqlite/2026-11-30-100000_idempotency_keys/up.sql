-- Keys of requests that are carried out once (`Idempotency-Key`), by their hashes: which request has claimed one and until
-- when, whether it has committed anything, and its answer, sealed. They are kept for a day.
CREATE TABLE idempotency_keys (
    user_id       BLOB    NOT NULL,
    key_hash      BLOB    NOT NULL,
    digest        BLOB    NOT NULL,
    attempt       BLOB    NOT NULL,
    claimed_until INTEGER NOT NULL,
    is_committed  INTEGER NOT NULL,
    answer        BLOB,
    expires_at    INTEGER NOT NULL,
    PRIMARY KEY (user_id, key_hash),
    CONSTRAINT idempotency_keys_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT idempotency_keys_user_id_check CHECK (length(user_id) = 16),
    CONSTRAINT idempotency_keys_key_hash_check CHECK (length(key_hash) = 32),
    CONSTRAINT idempotency_keys_digest_check CHECK (length(digest) = 32),
    CONSTRAINT idempotency_keys_attempt_check CHECK (length(attempt) = 16),
    CONSTRAINT idempotency_keys_is_committed_check CHECK (is_committed IN (0, 1)),
    CONSTRAINT idempotency_keys_answer_check CHECK (length(answer) BETWEEN 1 AND 300000)
) STRICT;
CREATE INDEX idempotency_keys_expires_at_idx ON idempotency_keys (expires_at);
