-- Habits that are archived are so from that day on, in UTC: no archive remembers the zone of its user's day.
UPDATE habits SET archives = concat('[{"from":"', date_format(archived_at, '%Y-%m-%d'), '"}]')
WHERE archived_at IS NOT NULL;
