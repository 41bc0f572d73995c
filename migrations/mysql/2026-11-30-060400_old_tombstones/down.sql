ALTER TABLE tombstones DROP INDEX tombstones_deleted_at_idx;
