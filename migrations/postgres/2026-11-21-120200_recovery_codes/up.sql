-- Codes for the day a second factor is lost; hashed under a key that is not here. What is used is removed.
CREATE TABLE recovery_codes (
    user_id    UUID        NOT NULL,
    code_hash  BYTEA       NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (user_id, code_hash),
    CONSTRAINT recovery_codes_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT recovery_codes_code_hash_check CHECK (octet_length(code_hash) = 32)
);
