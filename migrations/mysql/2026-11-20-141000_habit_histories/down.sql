DROP TABLE habit_histories;
