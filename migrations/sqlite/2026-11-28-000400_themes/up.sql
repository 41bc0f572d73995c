-- Coloured groups. `name_key` is the normalised name: it decides uniqueness.
CREATE TABLE themes (
    user_id        BLOB    NOT NULL,
    id             BLOB    NOT NULL,
    name           TEXT    NOT NULL,
    name_key       TEXT    NOT NULL,
    color          TEXT    NOT NULL,
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL,
    rev            INTEGER NOT NULL,
    request_digest BLOB    NOT NULL,
    PRIMARY KEY (user_id, id),
    CONSTRAINT themes_name_key UNIQUE (user_id, name_key),
    CONSTRAINT themes_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT themes_name_check CHECK (length(name) BETWEEN 1 AND 24),
    CONSTRAINT themes_name_key_check CHECK (length(name_key) BETWEEN 0 AND 450),
    CONSTRAINT themes_color_check CHECK (length(color) BETWEEN 7 AND 7),
    CONSTRAINT themes_rev_check CHECK (rev >= 1),
    CONSTRAINT themes_user_id_check CHECK (length(user_id) = 16),
    CONSTRAINT themes_id_check CHECK (length(id) = 16),
    CONSTRAINT themes_request_digest_check CHECK (length(request_digest) = 32)
) STRICT, WITHOUT ROWID;
