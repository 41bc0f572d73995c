-- What login analytics groups attempts by. `quarter` counts quarter hours since 1970: it is that of `attempted_at`, or a
-- later one if the quarter was rolled up before the attempt was stored (by a replica whose clock is behind).
ALTER TABLE login_attempts
    ADD COLUMN quarter INTEGER NOT NULL DEFAULT 0,
    ADD COLUMN browser VARCHAR(20) NOT NULL DEFAULT 'other',
    ADD COLUMN os VARCHAR(20) NOT NULL DEFAULT 'other',
    ADD COLUMN device VARCHAR(20) NOT NULL DEFAULT 'other',
    ADD COLUMN language VARCHAR(35),
    ADD CONSTRAINT login_attempts_quarter_check CHECK (quarter >= 0),
    ADD CONSTRAINT login_attempts_browser_check CHECK (browser IN ('chrome', 'edge', 'firefox', 'internet_explorer', 'opera', 'safari', 'samsung_internet', 'other')),
    ADD CONSTRAINT login_attempts_os_check CHECK (os IN ('android', 'chromeos', 'ios', 'linux', 'macos', 'windows', 'other')),
    ADD CONSTRAINT login_attempts_device_check CHECK (device IN ('desktop', 'phone', 'tablet', 'bot', 'other')),
    ADD CONSTRAINT login_attempts_language_check CHECK (char_length(language) BETWEEN 2 AND 35);
