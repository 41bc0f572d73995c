-- Lists of accounts by registration. Names and addresses have the indexes of their uniqueness, and are ordered by their
-- bytes on every database.
ALTER TABLE users ADD INDEX users_created_at_idx (created_at, id);
