-- Codes for the day a second factor is lost; hashed under a key that is not here. What is used is removed.
CREATE TABLE recovery_codes (
    user_id    BINARY(16)  NOT NULL,
    code_hash  BINARY(32)  NOT NULL,
    created_at DATETIME(6) NOT NULL,
    PRIMARY KEY (user_id, code_hash),
    CONSTRAINT recovery_codes_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;
