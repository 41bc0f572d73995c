"""Redis with a replica and Sentinels, behind HAProxy: the master is killed, another one frozen, while people with cookies
use the API."""

import collections
import http.client
import threading
import time

import haproxy
from api import API, Caller, Replica, migrate
from clients import Person, Record
from haproxy import Haproxy, section
from postgres import start_primary
from processes import await_true, free_port
from redis_sentinel import Redises
from report import served

PACE = 0.1
AWAY = 10  # seconds within which cookies must be good again


class Asker(threading.Thread):
    """Asks with one session again and again."""

    def __init__(self, name, caller):
        super().__init__(daemon=True)
        self.name, self.caller, self.over = name, caller, threading.Event()
        self.records = []

    def run(self):
        while not self.over.is_set():
            begun = time.monotonic()
            try:
                answer = self.caller.ask("GET", f"{API}/me", timeout=5)
                outcome = "ok" if answer.status == 200 else f"{answer.status} {answer.code or ''}".strip()
            except (OSError, http.client.HTTPException) as error:
                outcome = type(error).__name__
            self.records.append(Record(begun, begun, time.monotonic(), self.name, outcome, True))
            self.over.wait(max(0.0, PACE - (time.monotonic() - begun)))

    def since(self, begin):
        return [record for record in self.records if record.due >= begin]


class Drill:
    def __init__(self, stage, options, told):
        self.stage, self.told, self.number = stage, told, 0
        primary = start_primary(stage)
        migrate(options.binary, stage.folder("migrate"), primary.url())
        self.redises = Redises(stage)
        redis, self.api = free_port(), free_port()
        self.below = Haproxy(stage, [haproxy.redis(redis, self.redises)], "haproxy-below")
        self.below.await_redis(self.redises)
        self.replicas = [Replica(stage, options.binary, f"api{number}", primary.url(), REDIS_URL=f"redis://127.0.0.1:{redis}",
                                 CIRCADIA_RATE_LIMIT_ANONYMOUS="100000/min") for number in (1, 2)]
        for replica in self.replicas:
            replica.await_ready()
        above = Haproxy(stage, [section(haproxy.API, self.api, [(it.name, it.port, None) for it in self.replicas])],
                        "haproxy-above")
        above.await_up("api", 2)
        self.cookies = [Asker("cookie", self.browser()) for _ in range(6)]
        self.tokens = [Asker("token", self.app()) for _ in range(2)]
        self.ended, self.revived = [], []
        for asker in self.cookies + self.tokens:
            asker.start()

    def person(self):
        self.number += 3  # every third person's second device is a browser
        return Person(self.number)

    def app(self):
        return self.person().register(self.api)[0]

    def browser(self):
        return self.person().register(self.api)[1]

    def end_sessions(self, number):
        """Signs browsers out, whose cookies are asked with from then on."""
        for _ in range(number):
            caller = self.browser()
            answer = caller.ask("DELETE", f"{API}/auth/session")
            if answer.status != 204:
                raise OSError(f"signing out answered {answer.status}: {answer.body}")
            asker = Asker("ended", caller)
            asker.ended_at = time.monotonic()
            asker.start()
            self.ended.append(asker)

    def attempts(self, address, number):
        body = {"username": f"nobody-{address}".replace(".", "-"), "password": "wrong wrong wrong"}
        return [Caller(self.api, address).ask("POST", f"{API}/auth/login", body).status for _ in range(number)]

    def fault(self, what, break_it, mend, seconds):
        """Breaks Redis, and waits until cookies are good again; mends, and looks on."""
        told = self.told
        self.end_sessions(2)
        leaving, late = self.browser(), self.browser()
        address = f"10.8.{self.number % 250}.1"
        used = self.attempts(address, 5)
        begun = time.monotonic()
        break_it()
        answer = leaving.ask("DELETE", f"{API}/auth/session")
        told.measured(f"{what}: signing out at once answers", f"{answer.status} {answer.code or ''}".strip())
        good = lambda: all(len(asker.since(begun)) > 5 and not any(record.failed for record in asker.records[-5:])
                           for asker in self.cookies)
        try:
            await_true("cookies are good again", good, 60)
        finally:
            failed = [record for asker in self.cookies for record in asker.since(begun) if record.failed]
        again = self.attempts(address, 3)
        away = max((record.ended for record in failed), default=begun) - begun
        told.promise(f"{what}: cookies are good again within {AWAY} s", away < AWAY,
                     f"refused for {away:.1f} s; meanwhile {dict(collections.Counter(r.outcome for r in failed))}")
        told.promise(f"{what}: five attempts are remembered", used == [401] * 5 and again.count(401) <= 1,
                     f"{used}, afterwards {again} (one is given back in 12 s)")
        told.measured(f"{what}: a session opened just before", late.ask("GET", f"{API}/me").status)
        self.end_sessions(2)  # on the new master, of which the old one knows nothing
        mend()
        one_master = lambda: sum(server.is_master() for server in self.redises.servers) == 1
        told.measured(f"{what}: two masters, once it was there again, for",
                      f"{await_true('there is one master', one_master, 60):.1f} s; the Sentinels' choice was used")
        time.sleep(seconds)
        share, text = served([record for asker in self.tokens for record in asker.since(begun)])
        told.promise(f"{what}: requests with tokens are served meanwhile", share == 100, text)
        lost = [asker for asker in self.cookies if any("401" in record.outcome for record in asker.since(begun))]
        told.promise(f"{what}: nobody was signed out", not lost, f"{len(lost)} of {len(self.cookies)} sessions")

    def finish(self):
        for asker in self.cookies + self.tokens + self.ended:
            asker.over.set()
        for asker in self.cookies + self.tokens + self.ended:
            asker.join(10)
        revived = [f"{record.ended - asker.ended_at:.1f} s after its end" for asker in self.ended
                   for record in asker.since(asker.ended_at + 1) if record.outcome == "ok"]
        asked = sum(len(asker.records) for asker in self.ended)
        self.told.none_of(f"a session that had ended was accepted ({asked} requests with {len(self.ended)} of them)", revived)
        self.told.none_of("a replica panicked", [line for it in self.replicas for line in it.panics()])


def drill(stage, options, told):
    it = Drill(stage, options, told)
    seconds = 4 if options.quick else 10
    told.measured("REDIS_URL knows Sentinel", "no: HAProxy asks the Sentinels which is the master")
    time.sleep(seconds)

    killed = []

    def kill():
        killed.append(it.redises.kill_master())

    it.fault("the master is killed", kill, lambda: killed[0].start(), seconds)

    frozen = []

    def freeze():
        frozen.append(it.redises.master())
        frozen[0].freeze()

    it.fault("the master is frozen", freeze, lambda: frozen[0].go_on(), seconds)
    it.finish()
