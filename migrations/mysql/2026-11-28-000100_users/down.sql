DROP TABLE IF EXISTS recovery_codes;
DROP TABLE IF EXISTS totp_factors;
DROP TABLE IF EXISTS identities;
DROP TABLE IF EXISTS global_locks;
DROP TABLE IF EXISTS user_revisions;
DROP TABLE IF EXISTS users;
