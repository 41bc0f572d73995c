-- MySQL commits every DDL statement by itself. If this migration fails half-way it is run again from the start, so
-- each statement skips what is already there.

-- Things to be done once. `priority` is a rank, for sorting: 1 is low, 3 is high. `title_key` is what titles are
-- sorted by, `search_key` what is searched. The indexes serve lists, statistics (which read nothing but an index) and
-- delta sync.
CREATE TABLE IF NOT EXISTS tasks (
    user_id        BINARY(16)    NOT NULL,
    id             BINARY(16)    NOT NULL,
    title          VARCHAR(200)  NOT NULL,
    title_key      VARCHAR(200)  NOT NULL,
    search_key     MEDIUMTEXT    NOT NULL,
    description    VARCHAR(2000),
    priority       INTEGER       NOT NULL,
    status         VARCHAR(11)   NOT NULL,
    due_on         DATE,
    theme_id       BINARY(16),
    completed_at   DATETIME(6),
    created_at     DATETIME(6)   NOT NULL,
    updated_at     DATETIME(6)   NOT NULL,
    rev            BIGINT        NOT NULL,
    request_digest BINARY(32)    NOT NULL,
    PRIMARY KEY (user_id, id),
    CONSTRAINT tasks_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT tasks_theme_fkey FOREIGN KEY (user_id, theme_id) REFERENCES themes (user_id, id) ON DELETE RESTRICT,
    CONSTRAINT tasks_title_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT tasks_title_key_check CHECK (char_length(title_key) BETWEEN 0 AND 200),
    CONSTRAINT tasks_search_key_check CHECK (char_length(search_key) BETWEEN 1 AND 100000),
    CONSTRAINT tasks_description_check CHECK (char_length(description) BETWEEN 1 AND 2000),
    CONSTRAINT tasks_priority_check CHECK (priority BETWEEN 1 AND 3),
    CONSTRAINT tasks_status_check CHECK (status IN ('todo', 'in_progress', 'done', 'cancelled')),
    CONSTRAINT tasks_due_on_check CHECK (due_on BETWEEN '1970-01-01' AND '2199-12-31'),
    CONSTRAINT tasks_completed_at_check CHECK ((status = 'done') = (completed_at IS NOT NULL)),
    CONSTRAINT tasks_rev_check CHECK (rev >= 1),
    INDEX tasks_due_on_idx (user_id, due_on),
    INDEX tasks_theme_idx (user_id, theme_id, status, priority, created_at),
    INDEX tasks_created_at_idx (user_id, created_at),
    INDEX tasks_completed_at_idx (user_id, completed_at, created_at),
    INDEX tasks_rev_idx (user_id, rev)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;
