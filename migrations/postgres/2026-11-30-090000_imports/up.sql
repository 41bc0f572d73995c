-- Imports from other apps. `report` is JSON.
CREATE TABLE imports (
    user_id    UUID        NOT NULL,
    id         UUID        NOT NULL,
    format     TEXT        NOT NULL,
    state      TEXT        NOT NULL,
    bytes      BIGINT      NOT NULL,
    handled    BIGINT      NOT NULL,
    made       BIGINT      NOT NULL,
    failure    TEXT,
    report     TEXT        NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (user_id, id),
    CONSTRAINT imports_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT imports_format_check CHECK (char_length(format) BETWEEN 1 AND 40),
    CONSTRAINT imports_state_check CHECK (state IN ('waiting', 'running', 'done', 'failed', 'undoing', 'undone')),
    CONSTRAINT imports_bytes_check CHECK (bytes >= 0),
    CONSTRAINT imports_handled_check CHECK (handled >= 0),
    CONSTRAINT imports_made_check CHECK (made >= 0),
    CONSTRAINT imports_failure_check CHECK (char_length(failure) BETWEEN 1 AND 500),
    CONSTRAINT imports_report_check CHECK (octet_length(report) BETWEEN 2 AND 1000000)
);
