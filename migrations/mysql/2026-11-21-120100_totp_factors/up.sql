-- The second factor of an account: its sealed secret, and the latest time step whose code was accepted.
CREATE TABLE totp_factors (
    user_id      BINARY(16)  NOT NULL,
    sealed       MEDIUMBLOB  NOT NULL,
    created_at   DATETIME(6) NOT NULL,
    confirmed_at DATETIME(6),
    last_step    BIGINT,
    PRIMARY KEY (user_id),
    CONSTRAINT totp_factors_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT totp_factors_sealed_check CHECK (length(sealed) BETWEEN 1 AND 1024),
    CONSTRAINT totp_factors_last_step_check CHECK (last_step >= 0)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;
