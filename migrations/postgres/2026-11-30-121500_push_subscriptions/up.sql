-- Subscriptions of browsers to Web Push: where notifications are sent, and what they are encrypted with; `auth` is itself
-- encrypted. An endpoint belongs to one user, by its SHA-256.
CREATE TABLE push_subscriptions (
    user_id         UUID        NOT NULL,
    id              UUID        NOT NULL,
    endpoint        TEXT        NOT NULL,
    endpoint_hash   BYTEA       NOT NULL,
    p256dh          BYTEA       NOT NULL,
    auth            BYTEA       NOT NULL,
    label           TEXT,
    created_at      TIMESTAMPTZ NOT NULL,
    updated_at      TIMESTAMPTZ NOT NULL,
    last_success_at TIMESTAMPTZ,
    failing_since   TIMESTAMPTZ,
    rev             BIGINT      NOT NULL,
    PRIMARY KEY (user_id, id),
    CONSTRAINT push_subscriptions_endpoint_hash_key UNIQUE (endpoint_hash),
    CONSTRAINT push_subscriptions_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT push_subscriptions_endpoint_check CHECK (char_length(endpoint) BETWEEN 1 AND 2000),
    CONSTRAINT push_subscriptions_p256dh_check CHECK (octet_length(p256dh) BETWEEN 1 AND 255),
    CONSTRAINT push_subscriptions_auth_check CHECK (octet_length(auth) BETWEEN 1 AND 255),
    CONSTRAINT push_subscriptions_label_check CHECK (char_length(label) BETWEEN 1 AND 100),
    CONSTRAINT push_subscriptions_rev_check CHECK (rev >= 1),
    CONSTRAINT push_subscriptions_endpoint_hash_check CHECK (octet_length(endpoint_hash) = 32)
);
