-- The second factor of an account: its sealed secret, and the latest time step whose code was accepted.
CREATE TABLE totp_factors (
    user_id      BLOB    NOT NULL,
    sealed       BLOB    NOT NULL,
    created_at   INTEGER NOT NULL,
    confirmed_at INTEGER,
    last_step    INTEGER,
    PRIMARY KEY (user_id),
    CONSTRAINT totp_factors_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT totp_factors_sealed_check CHECK (length(sealed) BETWEEN 1 AND 1024),
    CONSTRAINT totp_factors_last_step_check CHECK (last_step >= 0),
    CONSTRAINT totp_factors_user_id_check CHECK (length(user_id) = 16)
) STRICT, WITHOUT ROWID;
