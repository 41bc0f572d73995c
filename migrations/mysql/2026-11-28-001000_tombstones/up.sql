-- MySQL commits every DDL statement by itself. If this migration fails half-way it is run again from the start, so
-- each statement skips what is already there.

-- Deleted rows, for delta sync. `kind` is bounded by the type in Rust, so a new kind needs no migration. `item_key`
-- is the id's 16 bytes; an entry's is its habit's id and its date; a mood's is its date. A date is four bytes: days
-- since 1970-01-01, big-endian.
CREATE TABLE IF NOT EXISTS tombstones (
    user_id    BINARY(16)    NOT NULL,
    kind       VARCHAR(16)   NOT NULL,
    item_key   VARBINARY(20) NOT NULL,
    rev        BIGINT        NOT NULL,
    deleted_at DATETIME(6)   NOT NULL,
    PRIMARY KEY (user_id, kind, item_key),
    CONSTRAINT tombstones_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT tombstones_item_key_check CHECK (length(item_key) BETWEEN 4 AND 20),
    CONSTRAINT tombstones_rev_check CHECK (rev >= 1),
    INDEX tombstones_rev_idx (user_id, rev)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;
