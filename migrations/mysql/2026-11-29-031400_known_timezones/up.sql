-- What was written before is taken to be from the zone that its user has.
UPDATE time_entries SET timezone = (SELECT users.timezone FROM users WHERE users.id = time_entries.user_id);
UPDATE mood_moments SET timezone = (SELECT users.timezone FROM users WHERE users.id = mood_moments.user_id);
UPDATE timers SET timezone = (SELECT users.timezone FROM users WHERE users.id = timers.user_id);
