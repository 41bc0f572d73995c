-- Sums of time are read from indexes alone: those of some days, and those of all by task and habit.
ALTER TABLE time_entries
    DROP INDEX time_entries_date_idx,
    ADD INDEX time_entries_date_idx (user_id, date, habit_id, task_id, minutes),
    DROP INDEX time_entries_task_idx,
    ADD INDEX time_entries_task_idx (user_id, task_id, habit_id, minutes);
