DROP TABLE audit_events;
DROP TABLE login_attempts;
DROP TABLE ephemera;
DROP TABLE personal_tokens;
DROP TABLE one_time_tokens;
DROP TABLE revocations;
DROP TABLE sessions;
