-- The column goes with the migration before.
UPDATE habits SET archives = '[]';
