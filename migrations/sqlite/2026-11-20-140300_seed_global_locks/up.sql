INSERT INTO global_locks (name, taken) VALUES ('server_keys', 0);
