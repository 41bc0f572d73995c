INSERT INTO global_locks (name, taken) VALUES ('superusers', 0);
