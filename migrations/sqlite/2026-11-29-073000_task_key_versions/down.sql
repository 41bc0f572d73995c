DROP INDEX tasks_keys_version_idx;
ALTER TABLE tasks DROP COLUMN keys_version;
