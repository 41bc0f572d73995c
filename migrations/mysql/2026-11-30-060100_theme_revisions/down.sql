ALTER TABLE themes DROP INDEX themes_rev_idx;
