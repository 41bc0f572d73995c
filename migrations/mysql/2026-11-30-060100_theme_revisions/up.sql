-- Serves delta sync.
ALTER TABLE themes ADD INDEX themes_rev_idx (user_id, rev);
