DROP TABLE timers;
DROP TABLE time_entries;
