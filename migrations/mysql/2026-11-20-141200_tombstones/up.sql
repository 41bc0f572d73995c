-- What was deleted, for delta sync. `item_key` is the id's 16 bytes; an entry's is the habit's, followed by the date as
-- four bytes of days since 1970-01-01, big-endian.
CREATE TABLE tombstones (
    user_id    BINARY(16)    NOT NULL,
    kind       VARCHAR(8)    NOT NULL,
    item_key   VARBINARY(20) NOT NULL,
    rev        BIGINT        NOT NULL,
    deleted_at DATETIME(6)   NOT NULL,
    PRIMARY KEY (user_id, kind, item_key),
    CONSTRAINT tombstones_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT tombstones_kind_check CHECK (kind IN ('theme', 'habit', 'entry')),
    CONSTRAINT tombstones_item_key_check CHECK (length(item_key) BETWEEN 16 AND 20),
    CONSTRAINT tombstones_rev_check CHECK (rev >= 1),
    INDEX tombstones_rev_idx (user_id, rev)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;
