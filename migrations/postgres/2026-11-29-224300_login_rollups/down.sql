DROP TABLE login_rollup_state;
DROP TABLE login_client_days;
DROP TABLE login_totals;
DROP TABLE login_rollups;
