-- Secrets that replicas share, encrypted under the master key.
CREATE TABLE server_keys (
    kid        VARCHAR(64) NOT NULL,
    purpose    VARCHAR(16) NOT NULL,
    sealed     MEDIUMBLOB  NOT NULL,
    created_at DATETIME(6) NOT NULL,
    retires_at DATETIME(6),
    PRIMARY KEY (kid),
    CONSTRAINT server_keys_kid_check CHECK (char_length(kid) BETWEEN 1 AND 64),
    CONSTRAINT server_keys_purpose_check CHECK (purpose IN ('access_token', 'refresh_token', 'login')),
    CONSTRAINT server_keys_sealed_check CHECK (length(sealed) BETWEEN 1 AND 16384)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;
