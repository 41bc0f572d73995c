-- Tombstones of everything that a user keeps. A mood is known by its date alone: four bytes.
ALTER TABLE tombstones
    MODIFY kind VARCHAR(16) NOT NULL,
    DROP CONSTRAINT tombstones_kind_check,
    DROP CONSTRAINT tombstones_item_key_check,
    ADD CONSTRAINT tombstones_kind_check CHECK (kind IN ('theme', 'habit', 'entry', 'sleep_log', 'mood', 'mood_moment', 'task', 'time_entry')),
    ADD CONSTRAINT tombstones_item_key_check CHECK (length(item_key) BETWEEN 4 AND 20);
