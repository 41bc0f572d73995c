ALTER TABLE time_entries
    DROP INDEX time_entries_date_idx,
    ADD INDEX time_entries_date_idx (user_id, date),
    DROP INDEX time_entries_task_idx,
    ADD INDEX time_entries_task_idx (user_id, task_id);
