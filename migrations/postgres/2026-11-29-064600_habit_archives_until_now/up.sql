-- Habits that are archived are so from that day on, in UTC: no archive remembers the zone of its user's day.
UPDATE habits SET archives = '[{"from":"' || to_char(archived_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') || '"}]'
WHERE archived_at IS NOT NULL;
