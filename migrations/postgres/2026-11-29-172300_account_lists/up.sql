-- Lists of accounts by registration. Names and addresses have the indexes of their uniqueness, and are ordered by their
-- bytes on every database.
CREATE INDEX users_created_at_idx ON users (created_at, id);
ALTER TABLE users
    ALTER COLUMN username_key TYPE TEXT COLLATE "C",
    ALTER COLUMN email TYPE TEXT COLLATE "C";
