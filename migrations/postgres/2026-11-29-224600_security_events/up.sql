-- Suspicious patterns of sign-ins: many failures for an account, one address over many accounts, a new device, a new
-- country. They go with their account; addresses are truncated as those of attempts are.
CREATE TABLE security_events (
    id          UUID        NOT NULL,
    occurred_at TIMESTAMPTZ NOT NULL,
    kind        TEXT        NOT NULL,
    user_id     UUID,
    ip          TEXT,
    attempts    INTEGER     NOT NULL,
    accounts    INTEGER     NOT NULL,
    browser     TEXT,
    os          TEXT,
    device      TEXT,
    language    TEXT,
    PRIMARY KEY (id),
    CONSTRAINT security_events_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT security_events_kind_check CHECK (char_length(kind) BETWEEN 1 AND 40),
    CONSTRAINT security_events_ip_check CHECK (char_length(ip) BETWEEN 2 AND 45),
    CONSTRAINT security_events_attempts_check CHECK (attempts >= 0),
    CONSTRAINT security_events_accounts_check CHECK (accounts >= 0)
);
CREATE INDEX security_events_occurred_at_idx ON security_events (occurred_at, id);
CREATE INDEX security_events_user_idx ON security_events (user_id, occurred_at);
