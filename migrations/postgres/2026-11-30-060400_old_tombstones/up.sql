-- Serves the removal of old tombstones.
CREATE INDEX tombstones_deleted_at_idx ON tombstones (deleted_at);
