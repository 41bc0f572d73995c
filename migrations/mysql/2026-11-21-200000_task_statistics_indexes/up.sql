-- For statistics: how many tasks there are of each theme, status and priority, and those that were made or done in a range
-- of days, are read from indexes alone.
ALTER TABLE tasks
    DROP INDEX tasks_theme_idx,
    ADD INDEX tasks_theme_idx (user_id, theme_id, status, priority, created_at),
    ADD INDEX tasks_created_at_idx (user_id, created_at),
    ADD INDEX tasks_completed_at_idx (user_id, completed_at, created_at);
