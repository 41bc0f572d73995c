ALTER TABLE habits DROP COLUMN time_of_day;
ALTER TABLE habits DROP COLUMN question;
ALTER TABLE habits DROP COLUMN icon;
