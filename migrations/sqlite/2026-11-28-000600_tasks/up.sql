-- Things to be done once. `priority` is a rank, for sorting: 1 is low, 3 is high. `title_key` is what titles are
-- sorted by, `search_key` what is searched. The indexes serve lists, statistics (which read nothing but an index) and
-- delta sync.
CREATE TABLE tasks (
    user_id        BLOB    NOT NULL,
    id             BLOB    NOT NULL,
    title          TEXT    NOT NULL,
    title_key      TEXT    NOT NULL,
    search_key     TEXT    NOT NULL,
    description    TEXT,
    priority       INTEGER NOT NULL,
    status         TEXT    NOT NULL,
    due_on         INTEGER,
    theme_id       BLOB,
    completed_at   INTEGER,
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL,
    rev            INTEGER NOT NULL,
    request_digest BLOB    NOT NULL,
    PRIMARY KEY (user_id, id),
    CONSTRAINT tasks_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT tasks_theme_fkey FOREIGN KEY (user_id, theme_id) REFERENCES themes (user_id, id) ON DELETE RESTRICT,
    CONSTRAINT tasks_title_check CHECK (length(title) BETWEEN 1 AND 200),
    CONSTRAINT tasks_title_key_check CHECK (length(title_key) BETWEEN 0 AND 200),
    CONSTRAINT tasks_search_key_check CHECK (length(search_key) BETWEEN 1 AND 100000),
    CONSTRAINT tasks_description_check CHECK (length(description) BETWEEN 1 AND 2000),
    CONSTRAINT tasks_priority_check CHECK (priority BETWEEN 1 AND 3),
    CONSTRAINT tasks_status_check CHECK (status IN ('todo', 'in_progress', 'done', 'cancelled')),
    CONSTRAINT tasks_due_on_check CHECK (due_on BETWEEN 0 AND 84005),
    CONSTRAINT tasks_completed_at_check CHECK ((status = 'done') = (completed_at IS NOT NULL)),
    CONSTRAINT tasks_rev_check CHECK (rev >= 1),
    CONSTRAINT tasks_user_id_check CHECK (length(user_id) = 16),
    CONSTRAINT tasks_id_check CHECK (length(id) = 16),
    CONSTRAINT tasks_theme_id_check CHECK (length(theme_id) = 16),
    CONSTRAINT tasks_request_digest_check CHECK (length(request_digest) = 32)
) STRICT, WITHOUT ROWID;
CREATE INDEX tasks_due_on_idx ON tasks (user_id, due_on);
CREATE INDEX tasks_theme_idx ON tasks (user_id, theme_id, status, priority, created_at);
CREATE INDEX tasks_created_at_idx ON tasks (user_id, created_at);
CREATE INDEX tasks_completed_at_idx ON tasks (user_id, completed_at, created_at);
CREATE INDEX tasks_rev_idx ON tasks (user_id, rev);
