-- Suspicious patterns of sign-ins: many failures for an account, one address over many accounts, a new device, a new
-- country. They go with their account; addresses are truncated as those of attempts are.
CREATE TABLE security_events (
    id          BLOB    NOT NULL,
    occurred_at INTEGER NOT NULL,
    kind        TEXT    NOT NULL,
    user_id     BLOB,
    ip          TEXT,
    attempts    INTEGER NOT NULL,
    accounts    INTEGER NOT NULL,
    browser     TEXT,
    os          TEXT,
    device      TEXT,
    language    TEXT,
    PRIMARY KEY (id),
    CONSTRAINT security_events_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT security_events_kind_check CHECK (length(kind) BETWEEN 1 AND 40),
    CONSTRAINT security_events_ip_check CHECK (length(ip) BETWEEN 2 AND 45),
    CONSTRAINT security_events_attempts_check CHECK (attempts >= 0),
    CONSTRAINT security_events_accounts_check CHECK (accounts >= 0),
    CONSTRAINT security_events_id_check CHECK (length(id) = 16),
    CONSTRAINT security_events_user_id_check CHECK (length(user_id) = 16)
) STRICT, WITHOUT ROWID;
CREATE INDEX security_events_occurred_at_idx ON security_events (occurred_at, id);
CREATE INDEX security_events_user_idx ON security_events (user_id, occurred_at);
