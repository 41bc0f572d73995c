-- Keys of requests that are carried out once (`Idempotency-Key`), by their hashes: which request has claimed one and until
-- when, whether it has committed anything, and its answer, sealed. They are kept for a day.
CREATE TABLE IF NOT EXISTS idempotency_keys (
    user_id       BINARY(16)  NOT NULL,
    key_hash      BINARY(32)  NOT NULL,
    digest        BINARY(32)  NOT NULL,
    attempt       BINARY(16)  NOT NULL,
    claimed_until DATETIME(6) NOT NULL,
    is_committed  BOOLEAN     NOT NULL,
    answer        MEDIUMBLOB,
    expires_at    DATETIME(6) NOT NULL,
    PRIMARY KEY (user_id, key_hash),
    CONSTRAINT idempotency_keys_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT idempotency_keys_is_committed_check CHECK (is_committed IN (0, 1)),
    CONSTRAINT idempotency_keys_answer_check CHECK (length(answer) BETWEEN 1 AND 300000),
    INDEX idempotency_keys_expires_at_idx (expires_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;
