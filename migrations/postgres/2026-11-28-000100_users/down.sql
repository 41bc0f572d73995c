DROP TABLE recovery_codes;
DROP TABLE totp_factors;
DROP TABLE identities;
DROP TABLE global_locks;
DROP TABLE user_revisions;
DROP TABLE users;
