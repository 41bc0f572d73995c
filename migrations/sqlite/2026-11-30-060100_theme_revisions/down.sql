DROP INDEX themes_rev_idx;
