DELETE FROM tombstones WHERE kind NOT IN ('theme', 'habit', 'entry');
ALTER TABLE tombstones
    DROP CONSTRAINT tombstones_kind_check,
    DROP CONSTRAINT tombstones_item_key_check,
    ADD CONSTRAINT tombstones_kind_check CHECK (kind IN ('theme', 'habit', 'entry')),
    ADD CONSTRAINT tombstones_item_key_check CHECK (octet_length(item_key) BETWEEN 16 AND 20);
