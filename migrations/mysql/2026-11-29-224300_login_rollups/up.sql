-- Attempts of each account, by quarter hour since 1970 and client. Whatever lies before `rolled_up_until` of
-- `login_rollup_state` is in here; later attempts are counted from `login_attempts`.
CREATE TABLE IF NOT EXISTS login_rollups (
    user_id   BINARY(16)  NOT NULL,
    quarter   INTEGER     NOT NULL,
    browser   VARCHAR(20) NOT NULL,
    os        VARCHAR(20) NOT NULL,
    device    VARCHAR(20) NOT NULL,
    successes INTEGER     NOT NULL,
    failures  INTEGER     NOT NULL,
    PRIMARY KEY (user_id, quarter, browser, os, device),
    INDEX login_rollups_quarter_idx (quarter),
    CONSTRAINT login_rollups_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT login_rollups_quarter_check CHECK (quarter >= 0),
    CONSTRAINT login_rollups_successes_check CHECK (successes >= 0),
    CONSTRAINT login_rollups_failures_check CHECK (failures >= 0)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;

-- Attempts of all accounts by quarter hour; `unknown_failures` are those for which there was no account.
CREATE TABLE IF NOT EXISTS login_totals (
    quarter          INTEGER NOT NULL,
    successes        BIGINT  NOT NULL,
    failures         BIGINT  NOT NULL,
    unknown_failures BIGINT  NOT NULL,
    PRIMARY KEY (quarter),
    CONSTRAINT login_totals_quarter_check CHECK (quarter >= 0),
    CONSTRAINT login_totals_successes_check CHECK (successes >= 0),
    CONSTRAINT login_totals_failures_check CHECK (failures >= 0),
    CONSTRAINT login_totals_unknown_failures_check CHECK (unknown_failures >= 0)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;

-- Attempts of all accounts by client and day of UTC, which is named by its first quarter hour.
CREATE TABLE IF NOT EXISTS login_client_days (
    day_quarter INTEGER     NOT NULL,
    browser     VARCHAR(20) NOT NULL,
    os          VARCHAR(20) NOT NULL,
    device      VARCHAR(20) NOT NULL,
    successes   BIGINT      NOT NULL,
    failures    BIGINT      NOT NULL,
    PRIMARY KEY (day_quarter, browser, os, device),
    CONSTRAINT login_client_days_day_quarter_check CHECK (day_quarter >= 0),
    CONSTRAINT login_client_days_successes_check CHECK (successes >= 0),
    CONSTRAINT login_client_days_failures_check CHECK (failures >= 0)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;

-- One row: up to which quarter hour attempts are rolled up, client days are summed, and addresses are truncated.
-- Whoever changes rollups locks it.
CREATE TABLE IF NOT EXISTS login_rollup_state (
    id                  INTEGER NOT NULL,
    rolled_up_until     INTEGER NOT NULL,
    days_until          INTEGER NOT NULL,
    ips_truncated_until INTEGER NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT login_rollup_state_id_check CHECK (id = 1)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin;
INSERT IGNORE INTO login_rollup_state (id, rolled_up_until, days_until, ips_truncated_until) VALUES (1, 0, 0, 0);
