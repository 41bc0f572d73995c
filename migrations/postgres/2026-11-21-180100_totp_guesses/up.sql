-- Until when wrong codes are remembered: how much of the allowance for guessing is used up.
ALTER TABLE totp_factors ADD COLUMN guesses_until TIMESTAMPTZ;
