-- The columns go with the migrations that made them.
UPDATE timers SET timezone = 'UTC';
