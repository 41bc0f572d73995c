-- Imports from other apps. `report` is JSON.
CREATE TABLE IF NOT EXISTS imports (
    user_id    BINARY(16)  NOT NULL,
    id         BINARY(16)  NOT NULL,
    format     VARCHAR(40) NOT NULL,
    state      VARCHAR(16) NOT NULL,
    bytes      BIGINT      NOT NULL,
    handled    BIGINT      NOT NULL,
    made       BIGINT      NOT NULL,
    failure    VARCHAR(500),
    report     MEDIUMTEXT  NOT NULL,
    created_at DATETIME(6) NOT NULL,
    updated_at DATETIME(6) NOT NULL,
    PRIMARY KEY (user_id, id),
    CONSTRAINT imports_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT imports_format_check CHECK (char_length(format) BETWEEN 1 AND 40),
    CONSTRAINT imports_state_check CHECK (state IN ('waiting', 'running', 'done', 'failed', 'undoing', 'undone')),
    CONSTRAINT imports_bytes_check CHECK (bytes >= 0),
    CONSTRAINT imports_handled_check CHECK (handled >= 0),
    CONSTRAINT imports_made_check CHECK (made >= 0),
    CONSTRAINT imports_failure_check CHECK (char_length(failure) BETWEEN 1 AND 500),
    CONSTRAINT imports_report_check CHECK (length(report) BETWEEN 2 AND 1000000)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;
