-- Sums of time are read from indexes alone: those of some days, and those of all by task and habit.
DROP INDEX time_entries_date_idx;
CREATE INDEX time_entries_date_idx ON time_entries (user_id, date, habit_id, task_id, minutes);
DROP INDEX time_entries_task_idx;
CREATE INDEX time_entries_task_idx ON time_entries (user_id, task_id, habit_id, minutes);
