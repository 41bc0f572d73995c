ALTER TABLE users
    ALTER COLUMN username_key TYPE TEXT,
    ALTER COLUMN email TYPE TEXT;
DROP INDEX users_created_at_idx;
