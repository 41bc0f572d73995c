ALTER TABLE user_revisions DROP COLUMN pruned_rev;
