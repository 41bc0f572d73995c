ALTER TABLE user_revisions DROP CONSTRAINT user_revisions_pruned_rev_check, DROP COLUMN pruned_rev;
