-- Coloured groups. `name_key` is the normalised name: it decides uniqueness.
CREATE TABLE themes (
    user_id        UUID        NOT NULL,
    id             UUID        NOT NULL,
    name           TEXT        NOT NULL,
    name_key       TEXT        NOT NULL,
    color          TEXT        NOT NULL,
    created_at     TIMESTAMPTZ NOT NULL,
    updated_at     TIMESTAMPTZ NOT NULL,
    rev            BIGINT      NOT NULL,
    request_digest BYTEA       NOT NULL,
    PRIMARY KEY (user_id, id),
    CONSTRAINT themes_name_key UNIQUE (user_id, name_key),
    CONSTRAINT themes_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT themes_name_check CHECK (char_length(name) BETWEEN 1 AND 24),
    CONSTRAINT themes_name_key_check CHECK (char_length(name_key) BETWEEN 0 AND 450),
    CONSTRAINT themes_color_check CHECK (char_length(color) BETWEEN 7 AND 7),
    CONSTRAINT themes_rev_check CHECK (rev >= 1),
    CONSTRAINT themes_request_digest_check CHECK (octet_length(request_digest) = 32)
);
