-- Suspicious patterns of sign-ins: many failures for an account, one address over many accounts, a new device, a new
-- country. They go with their account; addresses are truncated as those of attempts are.
CREATE TABLE IF NOT EXISTS security_events (
    id          BINARY(16)  NOT NULL,
    occurred_at DATETIME(6) NOT NULL,
    kind        VARCHAR(40) NOT NULL,
    user_id     BINARY(16),
    ip          VARCHAR(45),
    attempts    INTEGER     NOT NULL,
    accounts    INTEGER     NOT NULL,
    browser     VARCHAR(20),
    os          VARCHAR(20),
    device      VARCHAR(20),
    language    VARCHAR(35),
    PRIMARY KEY (id),
    INDEX security_events_occurred_at_idx (occurred_at, id),
    INDEX security_events_user_idx (user_id, occurred_at),
    CONSTRAINT security_events_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT security_events_kind_check CHECK (char_length(kind) BETWEEN 1 AND 40),
    CONSTRAINT security_events_ip_check CHECK (char_length(ip) BETWEEN 2 AND 45),
    CONSTRAINT security_events_attempts_check CHECK (attempts >= 0),
    CONSTRAINT security_events_accounts_check CHECK (accounts >= 0)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;
