ALTER TABLE users DROP CONSTRAINT users_avatar_check, DROP COLUMN avatar;
