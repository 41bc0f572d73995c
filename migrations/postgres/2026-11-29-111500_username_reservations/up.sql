-- Names that somebody registered with the address of an account that exists. They are taken, like the names of accounts
-- that wait for their address to be verified, and the password of such an account is known: whether an address was free
-- must not show. Gone with the account.
CREATE TABLE username_reservations (
    user_id      UUID        NOT NULL,
    username_key TEXT        NOT NULL,
    password_hash TEXT      NOT NULL,
    reserved_at  TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (user_id, username_key),
    CONSTRAINT username_reservations_username_key UNIQUE (username_key),
    CONSTRAINT username_reservations_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT username_reservations_username_key_check CHECK (char_length(username_key) BETWEEN 3 AND 32)
);
