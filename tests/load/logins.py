"""Measures login analytics over many attempts to sign in. `tests/load/run logins` has installed what this needs."""

import argparse
import datetime
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

import subjects
from databases import Postgres
from machine import Failure, run, say
from main import build
from people import API, Client, PASSWORD, Progress

DAYS = 400  # as long as attempts are kept
SLICE_DAYS = 20  # what one statement inserts
PEOPLE = 20
CONNECTIONS, THREADS = 8, 2
ROLLUP_SECONDS = 1800

# Browser, system, device, and the user agent that tells them.
CLIENTS = [
    ("chrome", "windows", "desktop", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36"),
    ("safari", "ios", "phone", "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 Version/19.1 Mobile/15E148 Safari/604.1"),
    ("chrome", "android", "phone", "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 Chrome/140.0.0.0 Mobile Safari/537.36"),
    ("safari", "macos", "desktop", "Mozilla/5.0 (Macintosh; Intel Mac OS X 15_1) AppleWebKit/605.1.15 Version/19.1 Safari/605.1.15"),
    ("firefox", "linux", "desktop", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
    ("edge", "windows", "desktop", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0"),
    ("samsung_internet", "android", "phone", "Mozilla/5.0 (Linux; Android 15; SM-S931B) AppleWebKit/537.36 SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36"),
    ("safari", "ios", "tablet", "Mozilla/5.0 (iPad; CPU OS 19_1 like Mac OS X) AppleWebKit/605.1.15 Version/19.1 Mobile/15E148 Safari/604.1"),
]

# What is asked: as whom, the path, and what the original answers of it in a second (Django REST on MariaDB).
ROUTES = {
    "activity": ("person", "/me/logins?limit=100", 131),
    "stats": ("person", "/me/logins/stats", 420),
    "trends": ("person", "/me/logins/charts/trends?from={month}&to={today}", 469),
    "distribution": ("person", "/me/logins/charts/distribution?from={month}&to={today}", None),
    "user activity": ("admin", "/admin/users/{user}/logins?limit=100", 131),
    "activity by number": ("admin", "/admin/users/{user}/logins?page=3&size=100", None),
    "users": ("admin", "/admin/users?limit=100", None),
    "users stats": ("admin", "/admin/users/stats?user_ids[]={user}&user_ids[]={other}&from={month}&to={today}", None),
    "dashboard": ("admin", "/admin/dashboard", 228),
    "charts": ("admin", "/admin/charts?from={month}&to={today}", 321),
    "charts of a year": ("admin", "/admin/charts?from={year}&to={today}", None),
    "trends of everyone": ("admin", "/admin/charts/trends?from={year}&to={today}", None),
    "trends of regulars": ("admin", "/admin/charts/trends?filter=regular_users&from={month}&to={today}", None),
    "distribution of everyone": ("admin", "/admin/charts/distribution?from={year}&to={today}", None),
}


def arguments():
    parser = argparse.ArgumentParser(prog="tests/load/run logins", description="Fills PostgreSQL with attempts to sign "
                                     "in over 400 days, rolls them up, and measures the figures made of them.")
    add = parser.add_argument
    add("--attempts", type=int, default=10_000_000, help="(10,000,000, which need 8 GB of disk)")
    add("--accounts", type=int, default=10_000)
    add("--binary", metavar="PATH", help="the circadia to measure (otherwise a release build is made)")
    add("--seconds", type=int, default=4, help="of each measurement")
    add("--rounds", type=int, default=3)
    add("--json", metavar="FILE", help="writes every figure")
    return parser.parse_args()


class Installation:
    """A database with accounts and attempts."""

    def __init__(self, options, database, scratch):
        self.options, self.database, self.scratch = options, database, scratch
        self.today = datetime.datetime.now(datetime.timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)

    def sql(self, *statements):
        return self.database.sql("logins", *statements)

    def start(self, name, log="warn"):
        url, folder = self.database.url("logins"), os.path.join(self.scratch, name)
        return subjects.start_circadia(self.options.binary, name, url, folder, log)

    def people(self):
        """An administrator and people with passwords; the other accounts are copies of the last of them."""
        environment = {**os.environ, "DATABASE_URL": self.database.url("logins"), "CIRCADIA_SECRET_KEY": subjects.SECRET,
                       "CIRCADIA_DATA_DIR": os.path.join(self.scratch, "admin")}
        made = subprocess.run([self.options.binary, "create-admin", "--username", "root", "--email", "root@example.org",
                               "--password-stdin"], input=PASSWORD + "\n", env=environment, text=True, timeout=120,
                              capture_output=True, check=False)
        if made.returncode != 0:
            raise Failure(f"create-admin failed: {made.stderr.strip()}")
        server = self.start("fill")
        try:
            for number in range(PEOPLE):
                name = f"person{number:05}"
                Client(server.port).ask("POST", f"{API}/auth/register", {"username": name, "email": f"{name}@example.org",
                                                                          "password": PASSWORD})
        finally:
            server.stop()
        columns = self.sql("SELECT string_agg(column_name, ',' ORDER BY ordinal_position) FROM information_schema.columns "
                           "WHERE table_name = 'users'").split(",")
        changed = {"id": "gen_random_uuid()", "username": "'copy' || n", "username_key": "'copy' || n",
                   "email": "'copy' || n || '@example.org'"}
        values = ", ".join(changed.get(column, column) for column in columns)
        copies = max(self.options.accounts - PEOPLE, 0)
        self.sql(f"INSERT INTO users ({', '.join(columns)}) SELECT {values} FROM users, generate_series(1, {copies}) n "
                 f"WHERE username = 'person{PEOPLE - 1:05}'",
                 "INSERT INTO user_revisions (user_id, rev) SELECT id, 1 FROM users "
                 "WHERE id NOT IN (SELECT user_id FROM user_revisions)",
                 "DELETE FROM login_attempts",
                 "CREATE TABLE numbered AS SELECT id, row_number() OVER (ORDER BY username LIKE 'copy%', id) AS number "
                 "FROM users WHERE role = 'regular'",
                 "ALTER TABLE numbered ADD PRIMARY KEY (number)", "ANALYZE numbered")

    def attempts(self):
        """In the order of time, as they would have come; without indexes first, which are then made again."""
        indexes = self.sql("SELECT indexdef FROM pg_indexes WHERE tablename = 'login_attempts' "
                           "AND indexname NOT LIKE '%_pkey'").splitlines()
        names = self.sql("SELECT indexname FROM pg_indexes WHERE tablename = 'login_attempts' "
                         "AND indexname NOT LIKE '%_pkey'").splitlines()
        self.sql(*(f"DROP INDEX {name}" for name in names))
        clients = ", ".join(f"({number}, '{browser}', '{system}', '{device}', '{agent}')"
                            for number, (browser, system, device, agent) in enumerate(CLIENTS))
        self.sql("CREATE TABLE clients (number INTEGER PRIMARY KEY, browser TEXT, os TEXT, device TEXT, agent TEXT)",
                 f"INSERT INTO clients VALUES {clients}")
        begin, slices = self.today - datetime.timedelta(days=DAYS - 1), range(0, DAYS, SLICE_DAYS)
        progress = Progress("attempts", len(slices))
        for first in slices:
            self.insert(begin + datetime.timedelta(days=first), self.options.attempts * SLICE_DAYS // DAYS)
            progress.step()
        say("making indexes")
        self.sql(*indexes)
        # Whatever is older than 30 days was inserted with a truncated address.
        quarter = int((self.today - datetime.timedelta(days=30)).timestamp()) // 900
        self.sql(f"UPDATE login_rollup_state SET rolled_up_until = 0, days_until = 0, ips_truncated_until = {quarter}",
                 "DELETE FROM login_rollups", "DELETE FROM login_totals", "DELETE FROM login_client_days",
                 "UPDATE users SET last_login_at = (SELECT max(attempted_at) FROM login_attempts "
                 "WHERE user_id = users.id AND failure IS NULL)",
                 "VACUUM (ANALYZE) login_attempts", "VACUUM (ANALYZE) users")

    def insert(self, begin, count):
        """One in fifty is of a name that nobody has, one in ten of the others fails. Three quarters of an account's are
        from the client that is its own."""
        seconds = min(SLICE_DAYS * 86400, (datetime.datetime.now(datetime.timezone.utc) - begin).total_seconds() - 3600)
        self.sql(f"""
            INSERT INTO login_attempts (id, user_id, identifier_hash, attempted_at, ip, user_agent, method, failure,
                                        quarter, browser, os, device, language)
            SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || substr(noise, 1, 3) || '8'
                    || substr(noise, 4, 15))::uuid,
                   numbered.id, sha256(account::text::bytea), at,
                   CASE WHEN at > now() - interval '30 days' THEN '198.51.' || account % 250 || '.' || account % 251
                        ELSE '198.51.' || account % 250 || '.0' END,
                   clients.agent, 'password',
                   CASE WHEN numbered.id IS NULL THEN 'unknown_user' WHEN lot < 0.12 THEN 'wrong_password' END,
                   floor(extract(epoch FROM at) / 900)::integer, clients.browser, clients.os, clients.device, 'en'
            FROM (SELECT timestamptz '{begin.isoformat()}' + make_interval(secs => {seconds} * (n + random()) / {count})
                             AS at,
                         random() AS lot, md5(random()::text) AS noise,
                         CASE WHEN random() < 0.02 THEN 0
                              ELSE 1 + floor(random() * {self.options.accounts})::integer END AS account,
                         random() AS habit, floor(random() * {len(CLIENTS)})::integer AS any_client
                  FROM generate_series(0, {count - 1}) n) made
            LEFT JOIN numbered ON numbered.number = account
            JOIN clients ON clients.number = CASE WHEN habit < 0.75 THEN account % {len(CLIENTS)} ELSE any_client END
        """)

    def roll_up(self):
        """Waits while the server's own job sums the attempts up; how long that took."""
        began, server = time.monotonic(), self.start("rollup")
        wanted = int(time.time()) // 900 - 1
        progress = Progress("rolled up, days", DAYS)
        first = wanted - DAYS * 96
        try:
            while (until := int(self.sql("SELECT rolled_up_until FROM login_rollup_state"))) < wanted:
                if time.monotonic() > began + ROLLUP_SECONDS:
                    raise Failure(f"after {ROLLUP_SECONDS} s the attempts aren't rolled up")
                while progress.done < min((until - first) // 96, DAYS):
                    progress.step()
                time.sleep(1)
        finally:
            server.stop()
        seconds = time.monotonic() - began
        self.sql("VACUUM (ANALYZE)")
        return seconds


class Requests:
    """The files that wrk reads."""

    def __init__(self, installation, server, folder):
        self.folder = folder
        os.makedirs(folder)
        self.admin, _ = self.sign_in(server, "root")
        signed_in = [self.sign_in(server, f"person{number:05}") for number in range(PEOPLE)]
        self.people = [token for token, _ in signed_in]
        self.users = [user for _, user in signed_in]
        self.days = {"today": installation.today, "month": installation.today - datetime.timedelta(days=29),
                     "year": installation.today - datetime.timedelta(days=364)}

    @staticmethod
    def sign_in(server, name):
        session, _ = Client(server.port).ask("POST", f"{API}/auth/login", {"username": name, "password": PASSWORD})
        return session["access_token"], session["user"]["id"]

    def file(self, route):
        path = os.path.join(self.folder, route.replace(" ", "-"))
        if not os.path.exists(path):
            who, template, _ = ROUTES[route]
            days = {name: day.date() for name, day in self.days.items()}
            with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as file:
                for number, token in enumerate(self.people):
                    user, other = self.users[number], self.users[(number + 1) % PEOPLE]
                    asked = API + template.format(user=user, other=other, **days)
                    file.write("\t".join(("GET", asked, self.admin if who == "admin" else token, "")) + "\n")
        return path


def measure(options, database, scratch):
    database.create("logins")
    it = Installation(options, database, scratch)
    it.start("migrate").stop()
    it.people()
    it.attempts()
    rolled_up = it.roll_up()
    say(f"rolled up in {rolled_up:.0f} s")
    sizes = it.sql("SELECT string_agg(relname || ' ' || pg_size_pretty(pg_total_relation_size(oid)), ', ' ORDER BY relname) "
                   "FROM pg_class WHERE relkind = 'r' AND relname LIKE 'login%'")
    server = it.start("measured")
    figures = {}
    try:
        requests = Requests(it, server, os.path.join(scratch, "requests"))
        subject = subjects.Http("circadia", server, database, requests, list(ROUTES))
        for route in ROUTES:
            subject.measure(route, 1, CONNECTIONS, THREADS)
        for _ in range(options.rounds):
            for route in ROUTES:
                figures.setdefault(route, []).append(subject.measure(route, options.seconds, CONNECTIONS, THREADS))
                figures[route][-1]["alone"] = subject.measure(route, 1, 1, 1)["p95"]
    finally:
        server.stop()
    return {"attempts": int(it.sql("SELECT count(*) FROM login_attempts")), "accounts": options.accounts,
            "rolled_up_seconds": rolled_up, "sizes": sizes, "figures": figures}


def show(told):
    print(f"\n{told['attempts']:,} attempts of {told['accounts']:,} accounts over {DAYS} days, rolled up in "
          f"{told['rolled_up_seconds']:.0f} s; {told['sizes']}\n")
    print(f"| Route | requests/s | p50 ms | p95 ms | p95 ms, one at a time | database µs | × the original |\n"
          f"|---|---:|---:|---:|---:|---:|---:|")
    for route, rounds in told["figures"].items():
        median = {key: statistics.median(each[key] for each in rounds) for key in rounds[0]}
        who, path, original = ROUTES[route]
        times = f"{median['rate'] / original:.1f}" if original else ""
        print(f"| {route}: `{path}` | {median['rate']:,.0f} | {median['p50'] / 1000:.2f} | {median['p95'] / 1000:.2f} | "
              f"{median['alone'] / 1000:.2f} | {median['database_micros']:.0f} | {times} |")


def main():
    options = arguments()

    def told_to_end(number, _frame):
        raise SystemExit(128 + number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, told_to_end)
    scratch = tempfile.mkdtemp(prefix="circadia-load.")
    os.chmod(scratch, 0o711)
    try:
        options.binary = os.path.abspath(options.binary or build())
        database = Postgres(scratch)
        try:
            told = measure(options, database, scratch)
        finally:
            database.stop()
        show(told)
        if options.json:
            with open(options.json, "w", encoding="utf-8") as file:
                json.dump(told, file, indent=1)
    except (Failure, ValueError) as failure:
        say(str(failure))
        return 1
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        shutil.rmtree(scratch, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
