-- Tombstones of this revision and of those before it may have been removed.
ALTER TABLE user_revisions ADD COLUMN pruned_rev BIGINT NOT NULL DEFAULT 0
    CONSTRAINT user_revisions_pruned_rev_check CHECK (pruned_rev >= 0);
