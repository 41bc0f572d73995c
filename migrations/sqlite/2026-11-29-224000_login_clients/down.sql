ALTER TABLE login_attempts DROP COLUMN language;
ALTER TABLE login_attempts DROP COLUMN device;
ALTER TABLE login_attempts DROP COLUMN os;
ALTER TABLE login_attempts DROP COLUMN browser;
ALTER TABLE login_attempts DROP COLUMN quarter;
