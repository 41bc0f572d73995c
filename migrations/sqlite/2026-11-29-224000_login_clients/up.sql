-- What login analytics groups attempts by. `quarter` counts quarter hours since 1970: it is that of `attempted_at`, or a
-- later one if the quarter was rolled up before the attempt was stored (by a replica whose clock is behind).
ALTER TABLE login_attempts ADD COLUMN quarter INTEGER NOT NULL DEFAULT 0
    CONSTRAINT login_attempts_quarter_check CHECK (quarter >= 0);
ALTER TABLE login_attempts ADD COLUMN browser TEXT NOT NULL DEFAULT 'other'
    CONSTRAINT login_attempts_browser_check CHECK (browser IN ('chrome', 'edge', 'firefox', 'internet_explorer', 'opera', 'safari', 'samsung_internet', 'other'));
ALTER TABLE login_attempts ADD COLUMN os TEXT NOT NULL DEFAULT 'other'
    CONSTRAINT login_attempts_os_check CHECK (os IN ('android', 'chromeos', 'ios', 'linux', 'macos', 'windows', 'other'));
ALTER TABLE login_attempts ADD COLUMN device TEXT NOT NULL DEFAULT 'other'
    CONSTRAINT login_attempts_device_check CHECK (device IN ('desktop', 'phone', 'tablet', 'bot', 'other'));
ALTER TABLE login_attempts ADD COLUMN language TEXT
    CONSTRAINT login_attempts_language_check CHECK (length(language) BETWEEN 2 AND 35);
