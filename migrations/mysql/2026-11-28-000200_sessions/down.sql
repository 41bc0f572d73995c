DROP TABLE IF EXISTS audit_events;
DROP TABLE IF EXISTS login_attempts;
DROP TABLE IF EXISTS ephemera;
DROP TABLE IF EXISTS personal_tokens;
DROP TABLE IF EXISTS one_time_tokens;
DROP TABLE IF EXISTS revocations;
DROP TABLE IF EXISTS sessions;
