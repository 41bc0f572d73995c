ALTER TABLE entries DROP CONSTRAINT entries_value_thousandths_check, DROP COLUMN value_thousandths;
