"""PostgreSQL with a standby that statistics are read from: behind, frozen, gone, and back."""

import datetime
import http.client
import threading
import time

import haproxy
from api import API, Caller, Replica, migrate
from clients import Person, Record
from haproxy import Haproxy, section
from postgres import start_primary_and_standby
from processes import await_true, free_port
from report import failures, latency, served

SERVED = 99.0
LAG = 3  # seconds
PACE = 0.15  # seconds between the requests of one reader


class Reader(threading.Thread):
    """Writes a mood and reads the view of its day at once; in between, reads without writing."""

    def __init__(self, person, port):
        super().__init__(daemon=True)
        self.caller = person.register(port)[0]
        self.over, self.records, self.stale = threading.Event(), [], []
        self.value = 0

    def run(self):
        number = 0
        while not self.over.is_set():
            begun = time.monotonic()
            number += 1
            if number % 8 == 0:
                self.write_and_read()
            elif number % 2:
                self.ask("GET overview", "GET", f"{API}/stats/overview?range=30d")
            else:
                self.ask("GET view", "GET", f"{API}/moods/views/month?date=2026-03-10")
            self.over.wait(max(0.0, PACE - (time.monotonic() - begun)))

    def write_and_read(self):
        self.value = (self.value + 1) % 11
        day = datetime.date(2026, 3, 1) + datetime.timedelta(days=self.value)
        if not self.ask("PUT mood", "PUT", f"{API}/moods/{day}", {"value": self.value}, (200, 201)):
            return
        answer = self.ask("GET own view", "GET", f"{API}/moods/views/day?date={day}")
        if answer and answer.body["value"] != self.value:
            self.stale.append(f"{day} is {answer.body['value']}, just written was {self.value}")

    def ask(self, kind, method, path, body=None, wanted=(200,)):
        begun, answer = time.monotonic(), None
        try:
            answer = self.caller.ask(method, path, body)
            outcome = "ok" if answer.status in wanted else f"{answer.status} {answer.code or ''}"
        except (OSError, http.client.HTTPException) as error:
            outcome = type(error).__name__
        self.records.append(Record(begun, begun, time.monotonic(), kind, outcome, True))
        return answer if outcome == "ok" else None


def drill(stage, options, told):
    primary, standby = start_primary_and_standby(stage)
    migrate(options.binary, stage.folder("migrate"), primary.url())
    standby.await_caught_up()
    replicas = [Replica(stage, options.binary, f"api{number}", primary.url(), DATABASE_REPLICA_URL=standby.url())
                for number in (1, 2)]
    for replica in replicas:
        replica.await_ready()
    if state_of_standby(replicas[0]) is None:
        return told.promise("the binary knows DATABASE_REPLICA_URL", False, "it doesn't: nothing was tried")
    api = free_port()
    above = Haproxy(stage, [section(haproxy.API, api, [(it.name, it.port, None) for it in replicas])])
    above.await_up("api", 2)

    readers = [Reader(Person(number), api) for number in range(4 if options.quick else 8)]
    standby.await_caught_up()
    for reader in readers:
        reader.start()
    seconds = 4 if options.quick else 12
    phase(told, readers, primary, standby, "the standby follows", seconds)
    standby.lag(LAG)
    time.sleep(LAG)
    phase(told, readers, primary, standby, f"the standby is {LAG} s behind", seconds)
    standby.lag(0)
    standby.await_caught_up()
    standby.freeze()
    phase(told, readers, primary, None, "the standby is frozen", seconds)
    told.measured("what the health check says of it meanwhile", state_of_standby(replicas[0]))
    standby.go_on()
    used_again(told, standby, "after it goes on")
    standby.kill()
    phase(told, readers, primary, None, "the standby is gone", seconds)
    standby.start()
    used_again(told, standby, "after its start")
    phase(told, readers, primary, standby, "the standby is back", seconds)
    for reader in readers:
        reader.over.set()
    for reader in readers:
        reader.join(20)
    told.none_of("a user didn't read at once what they had written", [each for reader in readers for each in reader.stale])
    told.none_of("a replica panicked", [line for it in replicas for line in it.panics()])


def state_of_standby(replica):
    return Caller(replica.port).ask("GET", "/health/ready").body["dependencies"].get("database_replica")


def phase(told, readers, primary, standby, what, seconds):
    """Lets the readers go on for a while; what was served, how fast, and by whom."""
    begun = time.monotonic()
    before = primary_reads(primary), standby.reads() if standby else 0
    time.sleep(seconds)
    end = time.monotonic()
    by_primary = primary_reads(primary) - before[0]
    by_standby = standby.reads() - before[1] if standby else 0
    records = [record for reader in readers for record in reader.records if begun <= record.due < end]
    share, text = served(records)
    asked = sum(record.kind in ("GET overview", "GET view", "GET own view") for record in records)
    told.promise(f"{what}: at least {SERVED:.0f} % of requests are served", share >= SERVED,
                 f"{text}; median {latency(records, 0.5):.0f} ms, 99th percentile {latency(records, 0.99):.0f} ms")
    if any(record.failed for record in records):
        told.measured(f"{what}: what failed", failures(records, begun)[0])
    told.measured(f"{what}: transactions", f"{by_standby} on the standby, {by_primary} on the primary, "
                  f"for {asked} requests of statistics and {len(records) - asked} writes")


def primary_reads(primary):
    return int(primary.value("SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = 'circadia'"))


def used_again(told, standby, when):
    """Until statistics are read from the standby again. What it does by itself, such as answering health checks once a
    second, isn't taken for that."""
    begun = time.monotonic()
    await_true("the standby answers", standby.answers, 30, standby)
    seen = [standby.reads()]

    def is_used():
        time.sleep(0.5)
        seen.append(standby.reads())
        return seen[-1] - seen[-2] > 10

    await_true("the standby is read from again", is_used, 30, standby)
    told.measured(f"the standby is read from again {when}", f"{time.monotonic() - begun:.1f} s")
