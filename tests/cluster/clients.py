"""People who use the API while something is broken, each with a ledger of what was acknowledged.

Two devices of each person write the same habits at once. A device sends at a steady pace, whatever becomes of what it
sent: while it waits, what it should have sent meanwhile becomes late, and is sent afterwards. Every request counts as it
was first answered; a write that wasn't acknowledged is sent again, as an app would, and counts under `again`.
"""

import collections
import datetime
import http.client
import random
import threading
import time
import uuid

from api import API, Caller, all_items

PASSWORD = "rhythm and blues 2026"
HABITS = 2
DAYS = 60
REFRESH_SECONDS = 12
ATTEMPTS = 8  # of a write that wasn't acknowledged
UNKNOWN = object()


class Record:
    """What became of one request."""

    def __init__(self, due, begun, ended, kind, outcome, first):
        self.due, self.begun, self.ended = due, begun, ended
        self.kind, self.outcome, self.first = kind, outcome, first

    @property
    def failed(self):
        return self.outcome != "ok"


class Ledger:
    """What one person was told is stored. `uncertain` is what may be stored: it was sent, and no answer told."""

    def __init__(self):
        self.lock = threading.Lock()
        self.entries = {}  # (habit, date) -> what may be there: the last acknowledged (None: nothing), and what is uncertain
        self.tasks = {}  # id -> title, or UNKNOWN
        self.acknowledged_increments = collections.Counter()
        self.uncertain_increments = collections.Counter()


class Person:
    def __init__(self, number):
        self.number = number
        self.username = f"person{number:03}"
        self.address = f"10.{number // 250}.{number % 250}.7"
        self.ledger = Ledger()
        self.habits = [str(uuid.uuid4()) for _ in range(HABITS)]
        self.counter = str(uuid.uuid4())

    def login(self):
        return {"username": self.username, "password": PASSWORD}

    def register(self, port):
        """Registers, makes the habits, and signs in a second time; the callers of both devices."""
        caller = Caller(port, self.address)
        body = {**self.login(), "email": f"{self.username}@example.org"}
        session = expect(caller.ask("POST", f"{API}/auth/register", body), 201).body
        caller.token, caller.refresh = session["access_token"], session["refresh_token"]
        for habit in [*self.habits, self.counter]:
            kind = {"type": "count", "target": 1, "unit": "times", "direction": "at_least"}
            new = {"id": habit, "name": f"Habit {habit}", "kind": kind, "schedule": {"type": "daily"},
                   "starts_on": "2026-01-01"}
            expect(caller.ask("POST", f"{API}/habits", new), 201)
        return [caller, self.second_device(port)]

    def second_device(self, port):
        """Every third person's is a browser with a cookie, which Redis is asked about."""
        caller = Caller(port, self.address)
        if self.number % 3 == 0:
            answer = expect(caller.ask("POST", f"{API}/auth/session", self.login()), 200)
            caller.cookie = answer.headers.get("Set-Cookie").split(";")[0]
            caller.csrf = answer.body["csrf_token"]
        else:
            session = expect(caller.ask("POST", f"{API}/auth/login", self.login()), 200).body
            caller.token, caller.refresh = session["access_token"], session["refresh_token"]
        return caller


def expect(answer, status):
    if answer.status != status:
        raise OSError(f"answered {answer.status}, not {status}: {answer.body}")
    return answer


class Device(threading.Thread):
    """One of a person's two devices. The two write different dates and tasks, but the same habits."""

    def __init__(self, load, person, number, caller):
        super().__init__(daemon=True)
        self.load, self.person, self.number, self.caller = load, person, number, caller
        self.chance = random.Random(person.number * 2 + number)
        self.refreshed_at = time.monotonic()
        self.value = number
        self.tasks = []
        self.due = 0.0

    def run(self):
        pace = 1 / self.load.rate
        self.due = time.monotonic() + self.chance.random() * pace
        while not self.load.over.is_set():
            if (wait := self.due - time.monotonic()) > 0:
                time.sleep(wait)
            self.step()
            self.due += pace

    def step(self):
        if self.caller.cookie is None and time.monotonic() > self.refreshed_at + REFRESH_SECONDS:
            return self.refresh()
        lot = self.chance.random()
        if lot < 0.30:
            return self.put_entry()
        if lot < 0.45:
            return self.post_task()
        if lot < 0.55:
            return self.increment()
        return self.read(lot)

    def send(self, kind, method, path, body=None, wanted=(200,), first=True):
        """The answer, or None if there was none; recorded."""
        due, begun = (self.due if first else time.monotonic()), time.monotonic()
        answer = None
        try:
            answer = self.caller.ask(method, path, body)
            outcome = "ok" if answer.status in wanted else f"{answer.status} {answer.code or ''}".strip()
        except (OSError, http.client.HTTPException) as error:
            outcome = type(error).__name__
        self.load.records.append(Record(due, begun, time.monotonic(), kind, outcome, first))
        if answer and answer.status == 401:
            self.load.broken.append(f"{self.person.username} was signed out: {method} {path} answered 401 {answer.code}")
        elif answer and answer.status not in wanted and answer.status != 503 and answer.status < 1000:
            if not (answer.status in (502, 504) and answer.code is None):  # the proxy's own
                self.load.broken.append(f"{method} {path} answered {answer.status}: {answer.body}")
        return answer if outcome == "ok" else None

    def send_until_acknowledged(self, kind, method, path, body, wanted):
        """For what may be sent twice."""
        for attempt in range(ATTEMPTS):
            if answer := self.send(kind, method, path, body, wanted, first=attempt == 0):
                return answer
            time.sleep(0.1 * 2 ** min(attempt, 4))
        return None

    def put_entry(self):
        habit = self.chance.choice(self.person.habits)
        day = self.chance.randrange(DAYS // 2) * 2 + self.number
        date = str(datetime.date(2026, 9, 1) + datetime.timedelta(days=day))
        self.value += 2
        ledger, key = self.person.ledger, (habit, date)
        with ledger.lock:
            ledger.entries.setdefault(key, [None]).append(self.value)
        path = f"{API}/habits/{habit}/entries/{date}"
        body = {"state": "done", "value": self.value}
        if self.send_until_acknowledged("PUT entry", "PUT", path, body, (200, 201)):
            with ledger.lock:
                ledger.entries[key] = [self.value]
            if self.chance.random() < 0.5:
                self.read_own("entry", path, lambda entry: entry["value"] == self.value)

    def post_task(self):
        task, title = str(uuid.uuid4()), f"Task {self.chance.random()}"
        with self.person.ledger.lock:
            self.person.ledger.tasks[task] = UNKNOWN
        if self.send_until_acknowledged("POST task", "POST", f"{API}/tasks", {"id": task, "title": title}, (200, 201)):
            with self.person.ledger.lock:
                self.person.ledger.tasks[task] = title
            self.tasks.append(task)
            if self.chance.random() < 0.5:
                self.read_own("task", f"{API}/tasks/{task}", lambda found: found["title"] == title)

    def increment(self):
        """Not to be sent twice: an answer that doesn't come leaves open whether it counts."""
        body = {"by": 1}
        path = f"{API}/habits/{self.person.counter}/entries/2026-10-01/increment"
        answer = self.send("increment", "POST", path, body, (200, 201))
        with self.person.ledger.lock:
            counted = self.person.ledger.acknowledged_increments if answer else self.person.ledger.uncertain_increments
            counted[self.person.counter] += 1

    def read_own(self, what, path, is_own):
        """At once, wherever it lands: what was acknowledged must be there."""
        due, begun = time.monotonic(), time.monotonic()
        try:
            answer = self.caller.ask("GET", path)
        except (OSError, http.client.HTTPException) as error:
            self.load.records.append(Record(due, begun, time.monotonic(), f"GET own {what}", type(error).__name__, True))
            return
        if answer.status == 404 or (answer.status == 200 and not is_own(answer.body)):
            self.load.stale.append(f"{path} answered {answer.status} after its write was acknowledged")
        outcome = "ok" if answer.status in (200, 404) else f"{answer.status} {answer.code or ''}".strip()
        self.load.records.append(Record(due, begun, time.monotonic(), f"GET own {what}", outcome, True))

    def read(self, lot):
        if lot < 0.7 or not self.tasks:
            self.send("GET today", "GET", f"{API}/habits/today")
        elif lot < 0.85:
            self.send("GET task", "GET", f"{API}/tasks/{self.chance.choice(self.tasks)}")
        elif self.load.statistics:
            self.send("GET overview", "GET", f"{API}/stats/overview?range=30d")
        else:
            self.send("GET me", "GET", f"{API}/me")

    def refresh(self):
        """A lost answer may be asked for again within ten seconds."""
        begun = time.monotonic()
        for attempt in range(ATTEMPTS):
            body = {"refresh_token": self.caller.refresh}
            if answer := self.send("refresh", "POST", f"{API}/auth/refresh", body, first=attempt == 0):
                self.caller.token, self.caller.refresh = answer.body["access_token"], answer.body["refresh_token"]
                break
            if time.monotonic() > begun + 8:
                break
            time.sleep(0.3)
        self.refreshed_at = time.monotonic()


class Load:
    """People at a port, each device at so many requests a second."""

    def __init__(self, port, people, rate, statistics=True):
        self.port, self.rate, self.statistics = port, rate, statistics
        self.people = [Person(number) for number in range(people)]
        self.records, self.broken, self.stale = [], [], []
        self.over = threading.Event()
        self.devices = []
        self.began = self.ended = 0.0

    def register(self):
        for person in self.people:
            for number, caller in enumerate(person.register(self.port)):
                self.devices.append(Device(self, person, number, caller))

    def start(self):
        self.began = time.monotonic()
        for device in self.devices:
            device.start()

    def run_for(self, seconds):
        time.sleep(seconds)

    def finish(self):
        self.over.set()
        for device in self.devices:
            device.join(60)
        self.ended = time.monotonic()

    def between(self, begin, end):
        return [record for record in self.records if record.first and begin <= record.due < end]


def check(load, port, where):
    """What was acknowledged, against what the API answers at this port: sentences about what is wrong."""
    wrong = []
    for person in load.people:
        caller = Caller(port, person.address)
        caller.token = next(device.caller.token for device in load.devices
                            if device.person is person and device.caller.token)
        ledger = person.ledger
        stored = {}
        for habit in person.habits:
            entries = all_items(caller, f"{API}/habits/{habit}/entries?from=2026-01-01&to=2026-12-31")
            dates = [entry["date"] for entry in entries]
            if len(dates) != len(set(dates)):
                wrong.append(f"{where}: a day of {person.username} has two entries")
            stored.update({(habit, entry["date"]): entry["value"] for entry in entries})
        for key, possible in ledger.entries.items():
            if (value := stored.pop(key, None)) not in possible:
                wrong.append(f"{where}: {person.username}'s entry {key[1]} is {value}, acknowledged was {possible}")
        if stored:
            wrong.append(f"{where}: {person.username} has entries that nobody wrote: {stored}")
        tasks = [task["id"] for task in all_items(caller, f"{API}/tasks")]
        if len(tasks) != len(set(tasks)):
            wrong.append(f"{where}: {person.username} has a task twice")
        certain = {task for task, title in ledger.tasks.items() if title is not UNKNOWN}
        if lost := certain - set(tasks):
            wrong.append(f"{where}: {person.username} lost {len(lost)} tasks that were acknowledged")
        if made_up := set(tasks) - set(ledger.tasks):
            wrong.append(f"{where}: {person.username} has {len(made_up)} tasks that nobody sent")
        counter = all_items(caller, f"{API}/habits/{person.counter}/entries?from=2026-10-01&to=2026-10-01")
        value = counter[0]["value"] if counter else 0
        least = ledger.acknowledged_increments[person.counter]
        most = least + ledger.uncertain_increments[person.counter]
        if not least <= value <= most:
            wrong.append(f"{where}: {person.username}'s counter is {value}, not {least} to {most}")
        caller.close()
    return wrong
