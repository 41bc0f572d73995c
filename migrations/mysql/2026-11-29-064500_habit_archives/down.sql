ALTER TABLE habits
    DROP CONSTRAINT habits_archives_check,
    DROP COLUMN archives;
