DELETE FROM global_locks WHERE name = 'server_keys';
