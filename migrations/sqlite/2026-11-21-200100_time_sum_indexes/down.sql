DROP INDEX time_entries_date_idx;
CREATE INDEX time_entries_date_idx ON time_entries (user_id, date);
DROP INDEX time_entries_task_idx;
CREATE INDEX time_entries_task_idx ON time_entries (user_id, task_id);
