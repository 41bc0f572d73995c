-- Habits that are archived are so from that day on, in UTC: no archive remembers the zone of its user's day.
UPDATE habits SET archives = '[{"from":"' || date(archived_at / 1000000, 'unixepoch') || '"}]'
WHERE archived_at IS NOT NULL;
