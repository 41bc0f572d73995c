-- Serves the removal of old tombstones.
ALTER TABLE tombstones ADD INDEX tombstones_deleted_at_idx (deleted_at);
