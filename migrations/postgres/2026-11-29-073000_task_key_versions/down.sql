ALTER TABLE tasks DROP COLUMN keys_version;
