-- Passkeys: WebAuthn credentials that sign in without a password. `public_key` is the credential's public key, as the
-- program encodes it. A credential belongs to one user.
CREATE TABLE passkeys (
    user_id         BLOB    NOT NULL,
    id              BLOB    NOT NULL,
    name            TEXT    NOT NULL,
    credential_id   BLOB    NOT NULL,
    public_key      BLOB    NOT NULL,
    sign_count      INTEGER NOT NULL,
    backup_eligible INTEGER NOT NULL,
    backed_up       INTEGER NOT NULL,
    transports      TEXT    NOT NULL,
    created_at      INTEGER NOT NULL,
    last_used_at    INTEGER,
    rev             INTEGER NOT NULL,
    PRIMARY KEY (user_id, id),
    CONSTRAINT passkeys_credential_id_key UNIQUE (credential_id),
    CONSTRAINT passkeys_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT passkeys_name_check CHECK (length(name) BETWEEN 1 AND 100),
    CONSTRAINT passkeys_credential_id_check CHECK (length(credential_id) BETWEEN 1 AND 1023),
    CONSTRAINT passkeys_public_key_check CHECK (length(public_key) BETWEEN 1 AND 4096),
    CONSTRAINT passkeys_sign_count_check CHECK (sign_count BETWEEN 0 AND 4294967295),
    CONSTRAINT passkeys_backup_eligible_check CHECK (backup_eligible IN (0, 1)),
    CONSTRAINT passkeys_backed_up_check CHECK (backed_up IN (0, 1) AND backed_up <= backup_eligible),
    CONSTRAINT passkeys_transports_check CHECK (length(transports) BETWEEN 0 AND 60),
    CONSTRAINT passkeys_rev_check CHECK (rev >= 1),
    CONSTRAINT passkeys_user_id_check CHECK (length(user_id) = 16),
    CONSTRAINT passkeys_id_check CHECK (length(id) = 16)
) STRICT, WITHOUT ROWID;
