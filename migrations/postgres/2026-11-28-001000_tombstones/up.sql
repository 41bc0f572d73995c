-- Deleted rows, for delta sync. `kind` is bounded by the type in Rust, so a new kind needs no migration. `item_key`
-- is the id's 16 bytes; an entry's is its habit's id and its date; a mood's is its date. A date is four bytes: days
-- since 1970-01-01, big-endian.
CREATE TABLE tombstones (
    user_id    UUID        NOT NULL,
    kind       TEXT        NOT NULL,
    item_key   BYTEA       NOT NULL,
    rev        BIGINT      NOT NULL,
    deleted_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (user_id, kind, item_key),
    CONSTRAINT tombstones_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT tombstones_item_key_check CHECK (octet_length(item_key) BETWEEN 4 AND 20),
    CONSTRAINT tombstones_rev_check CHECK (rev >= 1)
);
CREATE INDEX tombstones_rev_idx ON tombstones (user_id, rev);
