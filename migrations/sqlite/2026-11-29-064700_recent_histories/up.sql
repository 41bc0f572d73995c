-- The recent part of a history holds a score and streaks, whose definitions changed. The whole history stands for it
-- until the next change makes it anew.
UPDATE habit_histories SET recent = history;
