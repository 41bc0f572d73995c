DROP TABLE IF EXISTS login_rollup_state;
DROP TABLE IF EXISTS login_client_days;
DROP TABLE IF EXISTS login_totals;
DROP TABLE IF EXISTS login_rollups;
