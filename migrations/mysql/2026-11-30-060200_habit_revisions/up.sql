-- Serves delta sync.
ALTER TABLE habits ADD INDEX habits_rev_idx (user_id, rev);
