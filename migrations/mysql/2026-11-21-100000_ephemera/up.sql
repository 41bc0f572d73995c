-- Short-lived values, found by the hash of a secret, encrypted under the master key.
CREATE TABLE ephemera (
    kind       VARCHAR(32)     NOT NULL,
    key_hash   BINARY(32)      NOT NULL,
    sealed     VARBINARY(4096) NOT NULL,
    expires_at DATETIME(6)     NOT NULL,
    PRIMARY KEY (kind, key_hash),
    CONSTRAINT ephemera_kind_check CHECK (char_length(kind) BETWEEN 1 AND 32),
    CONSTRAINT ephemera_sealed_check CHECK (length(sealed) BETWEEN 1 AND 4096),
    INDEX ephemera_expires_at_idx (expires_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;
