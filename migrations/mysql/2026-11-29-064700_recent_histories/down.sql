-- The whole history stands for the recent part in any version.
UPDATE habit_histories SET recent = history;
