-- Subscriptions of browsers to Web Push: where notifications are sent, and what they are encrypted with; `auth` is itself
-- encrypted. An endpoint belongs to one user, by its SHA-256.
CREATE TABLE IF NOT EXISTS push_subscriptions (
    user_id         BINARY(16)     NOT NULL,
    id              BINARY(16)     NOT NULL,
    endpoint        VARCHAR(2000)  NOT NULL,
    endpoint_hash   BINARY(32)     NOT NULL,
    p256dh          VARBINARY(255) NOT NULL,
    auth            VARBINARY(255) NOT NULL,
    label           VARCHAR(100),
    created_at      DATETIME(6)    NOT NULL,
    updated_at      DATETIME(6)    NOT NULL,
    last_success_at DATETIME(6),
    failing_since   DATETIME(6),
    rev             BIGINT         NOT NULL,
    PRIMARY KEY (user_id, id),
    CONSTRAINT push_subscriptions_endpoint_hash_key UNIQUE (endpoint_hash),
    CONSTRAINT push_subscriptions_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT push_subscriptions_endpoint_check CHECK (char_length(endpoint) BETWEEN 1 AND 2000),
    CONSTRAINT push_subscriptions_p256dh_check CHECK (length(p256dh) BETWEEN 1 AND 255),
    CONSTRAINT push_subscriptions_auth_check CHECK (length(auth) BETWEEN 1 AND 255),
    CONSTRAINT push_subscriptions_label_check CHECK (char_length(label) BETWEEN 1 AND 100),
    CONSTRAINT push_subscriptions_rev_check CHECK (rev >= 1)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;
