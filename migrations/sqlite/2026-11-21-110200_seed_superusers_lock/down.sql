DELETE FROM global_locks WHERE name = 'superusers';
