"""Replicas of the API, and requests to them."""

import http.client
import json
import os
import time

from processes import Process, await_true, free_port, make_folder, run

API = "/api/v1"
SECRET = "a key for drills, and for nothing else"


def environment(folder, port, database, more):
    return {
        "CIRCADIA_BIND": f"127.0.0.1:{port}", "CIRCADIA_DATA_DIR": folder, "CIRCADIA_SECRET_KEY": SECRET,
        "DATABASE_URL": database, "CIRCADIA_TRUSTED_PROXIES": "127.0.0.1", "CIRCADIA_LOG": "info,circadia=debug",
        # What is allowed is a promise of its own (`limits`); the load is to reach the database.
        "CIRCADIA_RATE_LIMIT_USER": "100000/min", "CIRCADIA_RATE_LIMIT_REFRESH": "100000/min", **more,
    }


class Replica(Process):
    """One replica; `database` is its DATABASE_URL."""

    def __init__(self, stage, binary, name, database, **more):
        super().__init__(name, make_folder(stage.folder(name)))
        self.port = free_port()
        self.binary, self.environment = binary, environment(self.folder, self.port, database, more)
        stage.add(self)
        self.start()

    def start(self):
        self.launch([self.binary], self.environment)

    def await_ready(self, seconds=60):
        return await_true(f"{self.name} is ready", self.is_ready, seconds, self)

    def is_ready(self):
        try:
            return Caller(self.port).ask("GET", "/health/ready").status == 200
        except OSError:
            return False

    def panics(self):
        with open(self.log, errors="replace", encoding="utf-8") as log:
            return [line for line in log if "panicked" in line]


def migrate(binary, folder, database, seconds=120):
    """`circadia migrate` on a database."""
    make_folder(folder)
    inherited = {"PATH": os.environ["PATH"]}
    return run([binary, "migrate"], seconds=seconds, cwd=folder, env={**inherited, **environment(folder, 1, database, {})})


class Answer:
    def __init__(self, status, body, headers):
        self.status, self.body, self.headers = status, body, headers

    @property
    def code(self):
        return self.body.get("code") if isinstance(self.body, dict) else None


class Caller:
    """A connection to a port, opened again when it was closed; one thread's alone."""

    def __init__(self, port, address=None):
        self.port, self.address = port, address
        self.token = self.cookie = self.csrf = None
        self.connection = None

    def ask(self, method, path, body=None, timeout=15):
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if self.address:
            headers["X-Forwarded-For"] = self.address
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if self.cookie:
            headers.update({"Cookie": self.cookie, "X-CSRF-Token": self.csrf, "Origin": "http://localhost:3000"})
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            self.connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = self.connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException):
            self.connection.close()
            self.connection = None
            raise
        try:
            parsed = json.loads(text)
        except ValueError:
            parsed = None
        return Answer(answer.status, parsed, answer.headers)

    def close(self):
        if self.connection:
            self.connection.close()
            self.connection = None


def all_items(caller, path):
    """Every page of a list."""
    items, cursor = [], None
    while True:
        joined = f"{path}{'&' if '?' in path else '?'}limit=100" + (f"&cursor={cursor}" if cursor else "")
        answer = caller.ask("GET", joined)
        if answer.status != 200:
            time.sleep(0.2)
            answer = caller.ask("GET", joined)
        if answer.status != 200:
            raise OSError(f"GET {joined} answered {answer.status}: {answer.body}")
        items += answer.body["items"]
        cursor = answer.body["next_cursor"]
        if not cursor:
            return items
