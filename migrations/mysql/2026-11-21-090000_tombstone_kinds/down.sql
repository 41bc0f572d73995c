-- Fails while there are tombstones of newer kinds, which the older program can't read: remove them first.
ALTER TABLE tombstones
    MODIFY kind VARCHAR(8) NOT NULL,
    DROP CONSTRAINT tombstones_kind_check,
    DROP CONSTRAINT tombstones_item_key_check,
    ADD CONSTRAINT tombstones_kind_check CHECK (kind IN ('theme', 'habit', 'entry')),
    ADD CONSTRAINT tombstones_item_key_check CHECK (length(item_key) BETWEEN 16 AND 20);
