-- Short-lived values, found by the hash of a secret, encrypted under the master key.
CREATE TABLE ephemera (
    kind       TEXT    NOT NULL,
    key_hash   BLOB    NOT NULL,
    sealed     BLOB    NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (kind, key_hash),
    CONSTRAINT ephemera_kind_check CHECK (length(kind) BETWEEN 1 AND 32),
    CONSTRAINT ephemera_sealed_check CHECK (length(sealed) BETWEEN 1 AND 4096),
    CONSTRAINT ephemera_key_hash_check CHECK (length(key_hash) = 32)
) STRICT, WITHOUT ROWID;
CREATE INDEX ephemera_expires_at_idx ON ephemera (expires_at);
