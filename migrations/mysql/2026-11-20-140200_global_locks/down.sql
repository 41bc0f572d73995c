DROP TABLE global_locks;
