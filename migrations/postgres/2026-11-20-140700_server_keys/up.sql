-- Secrets that replicas share, encrypted under the master key.
CREATE TABLE server_keys (
    kid        TEXT        NOT NULL,
    purpose    TEXT        NOT NULL,
    sealed     BYTEA       NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    retires_at TIMESTAMPTZ,
    PRIMARY KEY (kid),
    CONSTRAINT server_keys_kid_check CHECK (char_length(kid) BETWEEN 1 AND 64),
    CONSTRAINT server_keys_purpose_check CHECK (purpose IN ('access_token', 'refresh_token', 'login')),
    CONSTRAINT server_keys_sealed_check CHECK (octet_length(sealed) BETWEEN 1 AND 16384)
);
