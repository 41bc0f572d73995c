-- Keys of requests that are carried out once (`Idempotency-Key`), by their hashes: which request has claimed one and until
-- when, whether it has committed anything, and its answer, sealed. They are kept for a day.
CREATE TABLE idempotency_keys (
    user_id       UUID        NOT NULL,
    key_hash      BYTEA       NOT NULL,
    digest        BYTEA       NOT NULL,
    attempt       UUID        NOT NULL,
    claimed_until TIMESTAMPTZ NOT NULL,
    is_committed  BOOLEAN     NOT NULL,
    answer        BYTEA,
    expires_at    TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (user_id, key_hash),
    CONSTRAINT idempotency_keys_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT idempotency_keys_key_hash_check CHECK (octet_length(key_hash) = 32),
    CONSTRAINT idempotency_keys_digest_check CHECK (octet_length(digest) = 32),
    CONSTRAINT idempotency_keys_answer_check CHECK (octet_length(answer) BETWEEN 1 AND 300000)
);
CREATE INDEX idempotency_keys_expires_at_idx ON idempotency_keys (expires_at);
