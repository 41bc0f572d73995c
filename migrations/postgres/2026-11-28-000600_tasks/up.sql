-- Things to be done once. `priority` is a rank, for sorting: 1 is low, 3 is high. `title_key` is what titles are
-- sorted by (the same way on every database), `search_key` what is searched. The indexes serve lists, statistics
-- (which read nothing but an index) and delta sync.
CREATE TABLE tasks (
    user_id        UUID        NOT NULL,
    id             UUID        NOT NULL,
    title          TEXT        NOT NULL,
    title_key      TEXT COLLATE "C" NOT NULL,
    search_key     TEXT COLLATE "C" NOT NULL,
    description    TEXT,
    priority       INTEGER     NOT NULL,
    status         TEXT        NOT NULL,
    due_on         DATE,
    theme_id       UUID,
    completed_at   TIMESTAMPTZ,
    created_at     TIMESTAMPTZ NOT NULL,
    updated_at     TIMESTAMPTZ NOT NULL,
    rev            BIGINT      NOT NULL,
    request_digest BYTEA       NOT NULL,
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
    CONSTRAINT tasks_request_digest_check CHECK (octet_length(request_digest) = 32)
);
CREATE INDEX tasks_due_on_idx ON tasks (user_id, due_on);
CREATE INDEX tasks_theme_idx ON tasks (user_id, theme_id, status, priority, created_at);
CREATE INDEX tasks_created_at_idx ON tasks (user_id, created_at);
CREATE INDEX tasks_completed_at_idx ON tasks (user_id, completed_at, created_at);
CREATE INDEX tasks_rev_idx ON tasks (user_id, rev);
