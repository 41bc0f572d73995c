"""Filling a database through the public API, and the requests that are then sent to it."""

import datetime
import http.client
import json
import os
import random
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from machine import Failure

API = "/api/v1"
PASSWORD = "rhythm and blues 2026"
BATCH = 1000
HABITS = 10
DAYS = 365
FILLERS = 4
TOKEN_SECONDS = 420  # access tokens are valid for 15 minutes

KINDS = [
    ({"type": "check"}, {"type": "daily"}),
    ({"type": "check"}, {"type": "weekly", "weekdays": ["mo", "we", "fr"]}),
    ({"type": "count", "target": 8, "unit": "glasses", "direction": "at_least"}, {"type": "daily"}),
    ({"type": "minutes", "target": 30, "direction": "at_least"}, {"type": "daily"}),
    ({"type": "check"}, {"type": "quota", "times": 3, "per": "week"}),
]


class Client:
    """One connection, as one user. Answers other than 2xx end the run."""

    def __init__(self, port, token=None):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.token = token

    def ask(self, method, path, body=None, refused=None):
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        self.connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = self.connection.getresponse()
        text = answer.read()
        if not 200 <= answer.status < 300:
            if answer.status == refused:
                return None, answer
            raise Failure(f"{method} {path} answered {answer.status}: {text[:500].decode(errors='replace')}")
        return json.loads(text) if text.startswith((b"{", b"[")) else None, answer


class Progress:
    """A bar at a terminal, a line for each fifth elsewhere."""

    def __init__(self, title, total):
        self.title, self.total, self.done = title, total, 0
        self.began, self.lock = time.monotonic(), threading.Lock()

    def step(self):
        with self.lock:
            self.done += 1
            seconds = time.monotonic() - self.began
            left = seconds / self.done * (self.total - self.done)
            if sys.stderr.isatty():
                bar = "#" * (30 * self.done // self.total)
                end = "\n" if self.done == self.total else ""
                print(f"\r{self.title} [{bar:<30}] {self.done}/{self.total}, {left:.0f} s left ", end=end,
                      file=sys.stderr, flush=True)
            elif self.done * 5 // self.total != (self.done - 1) * 5 // self.total:
                print(f"{self.title}: {self.done}/{self.total}, {seconds:.0f} s", file=sys.stderr, flush=True)


def every(title, work, items):
    """Does the work for every item, a few at a time; what came of them, in order."""
    progress, stopped = Progress(title, len(items)), threading.Event()

    def one(item):
        if stopped.is_set():
            raise Failure("stopped")
        result = work(item)
        progress.step()
        return result

    with ThreadPoolExecutor(FILLERS) as pool:
        tasks = [pool.submit(one, item) for item in items]
        try:
            return [task.result(timeout=600) for task in tasks]
        except BaseException:
            stopped.set()
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def always_done(day):
    """Days on which every habit is done, in whatever database: those that PUT writes again."""
    return day % 7 == 3


def fill(port, users, title):
    """People with ten habits each and a year of entries; what has to be known of them afterwards."""
    today = datetime.datetime.now(datetime.timezone.utc).date()
    start = today - datetime.timedelta(days=DAYS)

    def person(number):
        chance = random.Random(number)
        client = Client(port)
        body = {"username": f"person{number:05}", "email": f"person{number:05}@example.org", "password": PASSWORD}
        session, _ = client.ask("POST", f"{API}/auth/register", body)
        client.token = session["access_token"]
        habits, items = [], []
        for index in range(HABITS):
            kind, schedule = KINDS[index % len(KINDS)]
            new = {"name": f"Habit {index}", "kind": kind, "schedule": schedule, "starts_on": str(start)}
            habit, _ = client.ask("POST", f"{API}/habits", new)
            habits.append(habit["id"])
            for day in range(DAYS):
                lot = 0 if always_done(day) else chance.random()
                if lot < 0.96:
                    state = "done" if lot < 0.9 else "skipped" if lot < 0.93 else "missed"
                    date = str(start + datetime.timedelta(days=day))
                    items.append({"habit_id": habit["id"], "date": date, "state": state})
        for at in range(0, len(items), BATCH):
            answer, _ = client.ask("POST", f"{API}/entries/batch", {"items": items[at:at + BATCH], "atomic": True})
            wrong = next((item for item in answer["items"] if item["status"] >= 300), None)
            if wrong:
                raise Failure(f"POST /entries/batch refused an item: {json.dumps(wrong)}")
        client.connection.close()
        return {"id": session["user"]["id"], "username": body["username"], "refresh": session["refresh_token"],
                "habits": habits}

    people = every(f"filling {title}", person, range(users))
    return {"filled_on": str(today), "starts_on": str(start), "people": people}


def sign_in(port, people):
    """Tokens for everybody: by the refresh token that the fill has kept, else by the password."""
    def one(person):
        client = Client(port)
        session, _ = client.ask("POST", f"{API}/auth/refresh", {"refresh_token": person["refresh"]}, refused=401)
        if session is None:
            login = {"username": person["username"], "password": PASSWORD}
            session, _ = client.ask("POST", f"{API}/auth/login", login)
        client.connection.close()
        person["refresh"] = session["refresh_token"]
        return session["access_token"]

    with ThreadPoolExecutor(FILLERS) as pool:
        return list(pool.map(one, people))


def dates(filled):
    """The days that PUT writes again."""
    start = datetime.date.fromisoformat(filled["starts_on"])
    return [str(start + datetime.timedelta(days=day)) for day in range(DAYS) if always_done(day)]


# What is asked: name, method, path, body. {habit}, {date} and {year} are filled in.
ROUTES = {
    "point": ("GET", f"{API}/habits/{{habit}}", ""),
    "calendar": ("GET", f"{API}/habits/{{habit}}/calendar?year={{year}}", ""),
    "today": ("GET", f"{API}/habits/today", ""),
    "put": ("PUT", f"{API}/habits/{{habit}}/entries/{{date}}", '{"state":"done"}'),
    "week": ("GET", f"{API}/habits/views/week", ""),
    "overview": ("GET", f"{API}/stats/overview?range=30d", ""),
    "me": ("GET", f"{API}/me", ""),
    "live": ("GET", "/health/live", ""),
}
MIX = {"today": 40, "put": 20, "point": 10, "calendar": 10, "week": 10, "overview": 5, "me": 5}
TITLES = {
    "point": "GET /habits/{id}", "calendar": "GET /habits/{id}/calendar", "today": "GET /habits/today",
    "put": "PUT /habits/{id}/entries/{date}", "week": "GET /habits/views/week",
    "overview": "GET /stats/overview?range=30d", "me": "GET /me", "live": "GET /health/live", "mix": "a mix of them",
}


class Requests:
    """A server's people with their tokens, and the files that wrk and pace read."""

    def __init__(self, server, filled, folder):
        self.server, self.filled, self.folder = server, filled, folder
        self.signed_in_at = None
        os.makedirs(folder, exist_ok=True)

    def file(self, route):
        """The file of a route. Tokens that are about to expire are exchanged, and the files written again."""
        path = os.path.join(self.folder, route)
        if self.signed_in_at is None or time.monotonic() > self.signed_in_at + TOKEN_SECONDS:
            self.tokens = sign_in(self.server.port, self.filled["people"])
            self.signed_in_at = time.monotonic()
            for old in os.listdir(self.folder):
                os.remove(os.path.join(self.folder, old))
        if not os.path.exists(path):
            with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as file:
                file.writelines(line + "\n" for line in self.lines(route))
        return path

    def lines(self, route):
        chance = random.Random(7)
        names = [route] if route != "mix" else [name for name, weight in MIX.items() for _ in range(weight // 5)]
        days = dates(self.filled)
        lines = []
        for person, token in zip(self.filled["people"], self.tokens):
            for habit in person["habits"]:
                for name in names:
                    method, path, body = ROUTES[name]
                    path = path.format(habit=habit, date=chance.choice(days), year=self.filled["filled_on"][:4])
                    lines.append("\t".join((method, path, "" if name == "live" else token, body)))
        chance.shuffle(lines)
        return lines[:40000]

    def once(self, route):
        """One request of a route, as the first person, for their first habit; the headers of the answer."""
        self.file(route)
        person, token = self.filled["people"][0], self.tokens[0]
        method, path, body = ROUTES[route]
        path = path.format(habit=person["habits"][0], date=dates(self.filled)[0], year=self.filled["filled_on"][:4])
        _, answer = Client(self.server.port, token).ask(method, path, json.loads(body) if body else None)
        return answer
