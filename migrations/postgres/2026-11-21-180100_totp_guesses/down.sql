ALTER TABLE totp_factors DROP COLUMN guesses_until;
