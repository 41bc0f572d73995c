-- Short-lived values, found by the hash of a secret, encrypted under the master key.
CREATE TABLE ephemera (
    kind       TEXT        NOT NULL,
    key_hash   BYTEA       NOT NULL,
    sealed     BYTEA       NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (kind, key_hash),
    CONSTRAINT ephemera_kind_check CHECK (char_length(kind) BETWEEN 1 AND 32),
    CONSTRAINT ephemera_sealed_check CHECK (octet_length(sealed) BETWEEN 1 AND 4096),
    CONSTRAINT ephemera_key_hash_check CHECK (octet_length(key_hash) = 32)
);
CREATE INDEX ephemera_expires_at_idx ON ephemera (expires_at);
