-- The second factor of an account: its sealed secret, and the latest time step whose code was accepted.
CREATE TABLE totp_factors (
    user_id      UUID        NOT NULL,
    sealed       BYTEA       NOT NULL,
    created_at   TIMESTAMPTZ NOT NULL,
    confirmed_at TIMESTAMPTZ,
    last_step    BIGINT,
    PRIMARY KEY (user_id),
    CONSTRAINT totp_factors_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT totp_factors_sealed_check CHECK (octet_length(sealed) BETWEEN 1 AND 1024),
    CONSTRAINT totp_factors_last_step_check CHECK (last_step >= 0)
);
