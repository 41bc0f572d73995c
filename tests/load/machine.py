"""Processes: starting them, stopping them by number, and reading what they used."""

import http.client
import os
import random
import signal
import socket
import subprocess
import sys
import time

TICKS = os.sysconf("SC_CLK_TCK")
READY_SECONDS = 60
STOP_SECONDS = 20


class Failure(Exception):
    """What ends the run, said in one sentence."""


def say(text):
    print(f"tests/load/run: {text}", file=sys.stderr, flush=True)


def run(command, *, seconds, **options):
    """Runs a command to its end, within a time; what it printed."""
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=seconds,
                              check=False, **options)
    except subprocess.TimeoutExpired:
        raise Failure(f"{os.path.basename(command[0])} took more than {seconds} s") from None
    except FileNotFoundError:
        raise Failure(f"{command[0]} isn't installed") from None
    if done.returncode != 0:
        raise Failure(f"{os.path.basename(command[0])} failed: {(done.stderr or done.stdout).strip()[-2000:]}")
    return done.stdout


def free_port():
    """A port below those of outgoing connections, on which nobody listens."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port


class Server:
    """A process that serves HTTP on a port of its own."""

    def __init__(self, name, command, environment, folder, ready="/health/ready"):
        self.name = name
        self.port = free_port()
        self.folder = folder
        os.makedirs(folder, exist_ok=True)
        inherited = {key: value for key, value in os.environ.items()
                     if not key.startswith(("CIRCADIA_", "DATABASE_URL", "REDIS_URL", "SMTP_URL", "PORT"))}
        # It runs in a session of its own: an interrupt at the terminal reaches us, and we stop it.
        with open(os.path.join(folder, "log"), "ab") as log:
            self.process = subprocess.Popen(
                command, cwd=folder, env={**inherited, **environment(self.port)}, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True,
            )
        try:
            self.await_ready(ready)
        except BaseException:
            self.stop()
            raise

    def await_ready(self, path):
        end = time.monotonic() + READY_SECONDS
        while time.monotonic() < end:
            if self.process.poll() is not None:
                break
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
                connection.request("GET", path)
                if connection.getresponse().status == 200:
                    return
            except OSError:
                pass
            time.sleep(0.05)
        with open(os.path.join(self.folder, "log"), errors="replace", encoding="utf-8") as log:
            raise Failure(f"{self.name} doesn't start: {log.read()[-2000:].strip()}")

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                say(f"{self.name} didn't stop within {STOP_SECONDS} s; killing it")
                for pid in tree(self.process.pid):
                    try:
                        os.kill(pid, signal.SIGKILL)
                    except ProcessLookupError:
                        pass
                self.process.wait(STOP_SECONDS)

    def processor_seconds(self):
        return processor_seconds(self.process.pid)

    def memory_mb(self):
        return sum(resident_kb(pid) for pid in tree(self.process.pid)) / 1024


def stat(pid):
    """The fields of /proc/PID/stat from the state on; None when it is gone."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def tree(pid):
    """A process and its children."""
    children = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            fields = stat(entry)
            if fields and int(fields[1]) == pid:
                children.append(int(entry))
    return [pid, *children]


def processor_seconds(pid):
    """What a process and its children, those that ended too, have had of the processors."""
    parent, *children = (stat(each) for each in tree(pid))
    ticks = sum(int(field) for field in parent[11:15]) if parent else 0
    ticks += sum(int(field) for fields in children if fields for field in fields[11:13])
    return ticks / TICKS


def resident_kb(pid):
    """Of its own: pages of mapped files, which are the system's cache, would count once for each mapping."""
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8") as file:
            return next((int(line.split()[1]) for line in file if line.startswith("RssAnon:")), 0)
    except (FileNotFoundError, ProcessLookupError):
        return 0
