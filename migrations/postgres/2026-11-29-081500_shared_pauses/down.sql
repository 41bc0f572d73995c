-- The copies that habits have of them go, too. The whole histories stand for their recent parts, which know of the
-- copies, until the next change makes those anew.
UPDATE habit_histories SET recent = history
WHERE (user_id, habit_id) IN (SELECT user_id, id FROM habits WHERE pauses LIKE '%"source":%');
UPDATE habits SET pauses = (
    SELECT coalesce(json_agg(pause), '[]')::text FROM json_array_elements(habits.pauses::json) AS pause
    WHERE pause ->> 'source' IS NULL
)
WHERE pauses LIKE '%"source":%';
DROP TABLE shared_pauses;
