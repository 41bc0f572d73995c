ALTER TABLE tasks
    DROP INDEX tasks_theme_idx,
    ADD INDEX tasks_theme_idx (user_id, theme_id, status),
    DROP INDEX tasks_created_at_idx,
    DROP INDEX tasks_completed_at_idx;
