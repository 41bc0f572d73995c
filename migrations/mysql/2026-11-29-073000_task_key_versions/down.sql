ALTER TABLE tasks
    DROP CONSTRAINT tasks_keys_version_check,
    DROP INDEX tasks_keys_version_idx,
    DROP COLUMN keys_version;
