-- For statistics: how many tasks there are of each theme, status and priority, and those that were made or done in a range
-- of days, are read from indexes alone.
DROP INDEX tasks_theme_idx;
CREATE INDEX tasks_theme_idx ON tasks (user_id, theme_id, status, priority, created_at);
CREATE INDEX tasks_created_at_idx ON tasks (user_id, created_at);
CREATE INDEX tasks_completed_at_idx ON tasks (user_id, completed_at, created_at);
