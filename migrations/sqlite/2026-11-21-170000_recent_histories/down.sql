ALTER TABLE habit_histories DROP COLUMN recent;
