-- The copies that habits have of them go, too. The whole histories stand for their recent parts, which know of the
-- copies, until the next change makes those anew.
UPDATE habit_histories SET recent = history
WHERE (user_id, habit_id) IN (SELECT user_id, id FROM habits WHERE pauses LIKE '%"source":%');
UPDATE habits SET pauses = concat('[', regexp_replace(
    regexp_replace(substr(pauses, 2, char_length(pauses) - 2), '\\{[^{}]*"source":[^{}]*\\},?', ''), ',$', ''), ']')
WHERE pauses LIKE '%"source":%';
DROP TABLE IF EXISTS shared_pauses;
