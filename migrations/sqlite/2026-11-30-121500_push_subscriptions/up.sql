-- Subscriptions of browsers to Web Push: where notifications are sent, and what they are encrypted with; `auth` is itself
-- encrypted. An endpoint belongs to one user, by its SHA-256.
CREATE TABLE push_subscriptions (
    user_id         BLOB    NOT NULL,
    id              BLOB    NOT NULL,
    endpoint        TEXT    NOT NULL,
    endpoint_hash   BLOB    NOT NULL,
    p256dh          BLOB    NOT NULL,
    auth            BLOB    NOT NULL,
    label           TEXT,
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,
    last_success_at INTEGER,
    failing_since   INTEGER,
    rev             INTEGER NOT NULL,
    PRIMARY KEY (user_id, id),
    CONSTRAINT push_subscriptions_endpoint_hash_key UNIQUE (endpoint_hash),
    CONSTRAINT push_subscriptions_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT push_subscriptions_endpoint_check CHECK (length(endpoint) BETWEEN 1 AND 2000),
    CONSTRAINT push_subscriptions_p256dh_check CHECK (length(p256dh) BETWEEN 1 AND 255),
    CONSTRAINT push_subscriptions_auth_check CHECK (length(auth) BETWEEN 1 AND 255),
    CONSTRAINT push_subscriptions_label_check CHECK (length(label) BETWEEN 1 AND 100),
    CONSTRAINT push_subscriptions_rev_check CHECK (rev >= 1),
    CONSTRAINT push_subscriptions_user_id_check CHECK (length(user_id) = 16),
    CONSTRAINT push_subscriptions_id_check CHECK (length(id) = 16),
    CONSTRAINT push_subscriptions_endpoint_hash_check CHECK (length(endpoint_hash) = 32)
) STRICT, WITHOUT ROWID;
