"""PostgreSQL behind PgBouncer in transaction mode: what of a session isn't the client's any more, and whether it matters."""

import collections
import concurrent.futures
import os
import re
import subprocess
import time

import haproxy
from api import Caller, Replica, migrate
from clients import Load, check
from haproxy import Haproxy, section
from pgbouncer import Pgbouncer, version
from postgres import start_primary
from processes import Failure, free_port
from report import failures, latency, longest_gap, served

# What the API sets on each connection that it opens, see crates/storage/src/dialect/session.rs. Behind PgBouncer it has to
# be set on each connection that PgBouncer opens.
CONNECT_QUERY = ("SET statement_timeout = 1900; SET lock_timeout = 700; "
                 "SET idle_in_transaction_session_timeout = 60000; SET client_min_messages = warning")
POOL = 8
# Of the black-box tests: those that neither end connections nor freeze the server.
TESTED = ("habits", "entries", "sleep", "moods", "tasks", "themes", "races", "sessions", "tokens", "auth", "jobs",
          "statements", "stats", "home", "timer", "replicas::the_sixth")


def drill(stage, options, told):
    primary = start_primary(stage)
    migrate(options.binary, stage.folder("migrate"), primary.url())
    told.measured("versions", primary.value("SHOW server_version") + "; " + version())

    plain = Pgbouncer(stage, primary, "plain", POOL)
    replica = Replica(stage, options.binary, "api-plain", plain.url())
    replica.await_ready()
    told.measured("settings of the connections to the server that a client meets, as the API sets them",
                  settings(plain))
    replica.stop()
    plain.stop()

    unprepared = Pgbouncer(stage, primary, "unprepared", POOL, prepared=0, connect_query=CONNECT_QUERY)
    told.measured("with max_prepared_statements = 0", unprepared_statements(stage, options, unprepared))
    unprepared.stop()

    pooler = Pgbouncer(stage, primary, "pgbouncer", POOL, connect_query=CONNECT_QUERY)
    found = settings(pooler)
    told.promise("with connect_query, every connection has the limits", set(found) == {("1900ms", "700ms", "1min", "UTC")},
                 dict(found))
    replicas = [Replica(stage, options.binary, f"api{number}", pooler.url()) for number in (1, 2, 3)]
    start_together(told, primary, replicas)
    api = free_port()
    above = Haproxy(stage, [section(haproxy.API, api, [(it.name, it.port, None) for it in replicas])])
    above.await_up("api", 3)
    load = run_load(told, options, primary, pooler, api)
    told.none_of("something acknowledged was lost or doubled", check(load, api, "PgBouncer"))
    told.none_of("somebody was signed out, or got an error other than 503", load.broken)
    told.none_of("a write wasn't found right after it was acknowledged", load.stale)
    told.none_of("a replica panicked", [line for it in replicas for line in it.panics()])
    for replica in replicas:
        replica.stop()
    if options.tests:
        black_box(told, options, stage, pooler)


def settings(pooler):
    """What each of the connections of the pool says, when all are in use at once. The client itself asks for UTC, as the
    API does: PgBouncer keeps that setting for each client."""
    names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "TimeZone")
    query = "SELECT " + ", ".join(f"current_setting('{name}')" for name in names) + " FROM pg_sleep(0.6)"

    def one(_):
        return tuple(pooler.sql(f"SET TimeZone = 'UTC'; BEGIN; {query}; COMMIT")[0])

    with concurrent.futures.ThreadPoolExecutor(POOL) as pool:
        return collections.Counter(pool.map(one, range(POOL)))


def start_together(told, primary, replicas):
    """The lock of migrations belongs to a session, and PgBouncer gives statements whichever session is free."""
    late = []
    for replica in replicas:
        try:
            replica.await_ready(10)
        except Failure:
            late.append(replica)
    held = primary.value("SELECT COUNT(*) FROM pg_locks WHERE locktype = 'advisory' AND granted")
    told.promise("replicas that start through PgBouncer at once, with nothing to migrate, are ready within ten seconds",
                 not late and held == "0", f"{len(replicas) - len(late)} of {len(replicas)}; locks of migrations left behind: {held}")
    if late:
        primary.sql("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted")
    for replica in late:
        replica.stop()
        replica.start()
        replica.await_ready()


def unprepared_statements(stage, options, pooler):
    """What becomes of requests when prepared statements aren't kept."""
    replica = Replica(stage, options.binary, "api-unprepared", pooler.url())
    try:
        replica.await_ready(20)
    except Failure:
        with open(replica.log, errors="replace", encoding="utf-8") as file:
            found = re.findall(r'prepared statement "[^"]*" (?:does not exist|already exists)', file.read())
        replica.stop()
        return f"it doesn't start: {found[0] if found else replica.tail()[-200:]}"

    def one(number):
        caller = Caller(replica.port, f"10.3.{number}.1")
        return caller.ask("POST", "/api/v1/auth/register", {"username": f"unprepared{number}", "password": "rhythm and blues",
                                                            "email": f"unprepared{number}@example.org"}).status

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        statuses = collections.Counter(pool.map(one, range(12)))
    with open(replica.log, errors="replace", encoding="utf-8") as file:
        found = re.findall(r'prepared statement "[^"]*" (?:does not exist|already exists)', file.read())
    replica.stop()
    return f"registrations answered {dict(statuses)}; {len(found)} × {found[0] if found else 'no error'}"


def run_load(told, options, primary, pooler, api):
    people, rate, calm = (6, 2.0, 5) if options.quick else (12, 2.5, 15)
    load = Load(api, people, rate)
    load.register()
    load.start()
    time.sleep(calm)
    calm_end = time.monotonic()
    records = load.between(load.began, calm_end)
    share, text = served(records)
    told.promise("requests that are served while nothing is broken", share == 100, text)
    told.measured("median, 99th percentile", f"{latency(records, 0.5):.0f} ms, {latency(records, 0.99):.0f} ms")
    told.measured("connections: of the API, of PgBouncer to the server", connections(primary, pooler))

    restarted_at = time.monotonic()
    pooler.kill()
    time.sleep(1)
    pooler.launch(pooler.command)
    time.sleep(calm)
    end = time.monotonic()
    load.finish()
    records = load.between(restarted_at, end)
    _, text = served(records)
    told.measured("PgBouncer killed, and started a second later: served", f"{text} in {end - restarted_at:.0f} s")
    told.measured("what failed, by second since", failures(records, restarted_at)[1])
    told.measured("longest time without an acknowledged write", f"{longest_gap(load.records, restarted_at, end, ('PUT entry', 'POST task')):.1f} s")
    return load


def connections(primary, pooler):
    servers = primary.value("SELECT COUNT(*) FROM pg_stat_activity WHERE datname = 'circadia' AND pid <> pg_backend_pid()")
    clients = [row for row in pooler.sql("SHOW CLIENTS", "pgbouncer") if "circadia" in row]
    return f"{len(clients)}, {servers}"


def black_box(told, options, stage, pooler):
    """Tests of the API that are written for a direct connection, on this one; they migrate through it, one at a time."""
    environment = {**os.environ, "CIRCADIA_TEST_POSTGRES_URL": pooler.url("postgres"), "CIRCADIA_BIN": options.binary,
                   "TMPDIR": stage.folder("tests")}
    os.makedirs(environment["TMPDIR"], mode=0o755)
    wanted = [f"api::{name}" for name in TESTED]
    listed = subprocess.run([options.tests, "--list", "--format=terse"], capture_output=True, text=True, check=True).stdout
    chosen = [line.removesuffix(": test") for line in listed.splitlines()
              if "::postgres::" in line and "redis" not in line and any(line.startswith(f"{name}::") for name in wanted)]
    passed, failed = 0, []
    for name in chosen[:20] if options.quick else chosen:
        try:
            done = subprocess.run([options.tests, "--exact", name, "--nocapture"], env=environment, capture_output=True, text=True,
                                  timeout=60, check=False, cwd=os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
            ok = done.returncode == 0 and "1 passed" in done.stdout
            why = next((line for line in (done.stdout + done.stderr).splitlines() if "panicked" in line), "")
        except subprocess.TimeoutExpired:
            ok, why = False, "took more than a minute"
        passed += ok
        if not ok:
            failed.append(f"{name.removeprefix('api::')} ({why[-160:]})")
    told.promise("black-box tests through PgBouncer", not failed and passed, f"{passed} passed, {len(failed)} failed"
                 + "".join(f"; {name}" for name in failed[:6]))
