DROP TABLE entries;
DROP TABLE habit_histories;
DROP TABLE habits;
