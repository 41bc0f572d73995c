DROP INDEX tasks_theme_idx;
CREATE INDEX tasks_theme_idx ON tasks (user_id, theme_id, status);
DROP INDEX tasks_created_at_idx;
DROP INDEX tasks_completed_at_idx;
