-- By which version of the rules `title_key` and `search_key` were computed. The program rewrites those of older ones
-- when it migrates; the index finds them.
ALTER TABLE tasks ADD COLUMN keys_version INTEGER NOT NULL DEFAULT 0
    CONSTRAINT tasks_keys_version_check CHECK (keys_version >= 0);
CREATE INDEX tasks_keys_version_idx ON tasks (keys_version);
