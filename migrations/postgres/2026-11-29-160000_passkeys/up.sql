-- Passkeys: WebAuthn credentials that sign in without a password. `public_key` is the credential's public key, as the
-- program encodes it. A credential belongs to one user.
CREATE TABLE passkeys (
    user_id         UUID        NOT NULL,
    id              UUID        NOT NULL,
    name            TEXT        NOT NULL,
    credential_id   BYTEA       NOT NULL,
    public_key      BYTEA       NOT NULL,
    sign_count      BIGINT      NOT NULL,
    backup_eligible BOOLEAN     NOT NULL,
    backed_up       BOOLEAN     NOT NULL,
    transports      TEXT        NOT NULL,
    created_at      TIMESTAMPTZ NOT NULL,
    last_used_at    TIMESTAMPTZ,
    rev             BIGINT      NOT NULL,
    PRIMARY KEY (user_id, id),
    CONSTRAINT passkeys_credential_id_key UNIQUE (credential_id),
    CONSTRAINT passkeys_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT passkeys_name_check CHECK (char_length(name) BETWEEN 1 AND 100),
    CONSTRAINT passkeys_credential_id_check CHECK (octet_length(credential_id) BETWEEN 1 AND 1023),
    CONSTRAINT passkeys_public_key_check CHECK (octet_length(public_key) BETWEEN 1 AND 4096),
    CONSTRAINT passkeys_sign_count_check CHECK (sign_count BETWEEN 0 AND 4294967295),
    CONSTRAINT passkeys_backed_up_check CHECK (backup_eligible OR NOT backed_up),
    CONSTRAINT passkeys_transports_check CHECK (char_length(transports) BETWEEN 0 AND 60),
    CONSTRAINT passkeys_rev_check CHECK (rev >= 1)
);
