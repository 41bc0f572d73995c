-- The key that identifies this installation to push services.
CREATE TABLE new_server_keys (
    kid        TEXT    NOT NULL,
    purpose    TEXT    NOT NULL,
    sealed     BLOB    NOT NULL,
    created_at INTEGER NOT NULL,
    retires_at INTEGER,
    PRIMARY KEY (kid),
    CONSTRAINT server_keys_kid_check CHECK (length(kid) BETWEEN 1 AND 64),
    CONSTRAINT server_keys_purpose_check CHECK (purpose IN ('access_token', 'refresh_token', 'login', 'web_push')),
    CONSTRAINT server_keys_sealed_check CHECK (length(sealed) BETWEEN 1 AND 16384)
) STRICT, WITHOUT ROWID;
INSERT INTO new_server_keys (kid, purpose, sealed, created_at, retires_at)
    SELECT kid, purpose, sealed, created_at, retires_at FROM server_keys;
DROP TABLE server_keys;
ALTER TABLE new_server_keys RENAME TO server_keys;
