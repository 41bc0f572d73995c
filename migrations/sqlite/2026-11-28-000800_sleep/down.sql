DROP TABLE sleep_logs;
