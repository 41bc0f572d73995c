ALTER TABLE entries DROP COLUMN value_thousandths;
