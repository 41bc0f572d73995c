-- MySQL commits every DDL statement by itself. If this migration fails half-way it is run again from the start, so
-- each statement skips what is already there.

-- Coloured groups. `name_key` is the normalised name: it decides uniqueness.
CREATE TABLE IF NOT EXISTS themes (
    user_id        BINARY(16)   NOT NULL,
    id             BINARY(16)   NOT NULL,
    name           VARCHAR(24)  NOT NULL,
    name_key       VARCHAR(450) NOT NULL,
    color          VARCHAR(7)   NOT NULL,
    created_at     DATETIME(6)  NOT NULL,
    updated_at     DATETIME(6)  NOT NULL,
    rev            BIGINT       NOT NULL,
    request_digest BINARY(32)   NOT NULL,
    PRIMARY KEY (user_id, id),
    CONSTRAINT themes_name_key UNIQUE (user_id, name_key),
    CONSTRAINT themes_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT themes_name_check CHECK (char_length(name) BETWEEN 1 AND 24),
    CONSTRAINT themes_name_key_check CHECK (char_length(name_key) BETWEEN 0 AND 450),
    CONSTRAINT themes_color_check CHECK (char_length(color) BETWEEN 7 AND 7),
    CONSTRAINT themes_rev_check CHECK (rev >= 1)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;
