"""Processes of a drill: each on a free loopback port, in a folder of its own, ended by its number."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SERVERS = os.path.join(TESTS, "servers")
sys.path.append(os.path.join(TESTS, "load"))
from machine import Failure, free_port as random_free_port, run, stat, tree  # noqa: E402,F401

READY_SECONDS = 60
STOP_SECONDS = 20

taken = set()


def say(text):
    print(f"tests/cluster/run: {text}", file=sys.stderr, flush=True)


def free_port():
    """A port that nobody listens on, and that was given to nobody in this run."""
    while (port := random_free_port()) in taken:
        pass
    taken.add(port)
    return port


def program(*names):
    """The first of these that is installed, also where a user's PATH doesn't lead."""
    path = os.environ["PATH"] + ":/usr/local/sbin:/usr/sbin:/sbin"
    for name in names:
        if found := shutil.which(name, path=path):
            return found
    raise Failure(f"{names[0]} isn't installed")


def make_folder(path, account=None):
    """A folder that belongs to the account which a server runs as."""
    os.makedirs(path, mode=0o755, exist_ok=True)
    if account and os.geteuid() == 0:
        shutil.chown(path, account, pwd.getpwnam(account).pw_gid)
    return path


def as_account(account):
    """What a command begins with to run as an account: databases refuse to run as root."""
    if not account or os.geteuid() != 0:
        return []
    group = str(pwd.getpwnam(account).pw_gid)
    return [program("setpriv"), f"--reuid={account}", f"--regid={group}", "--init-groups", "--reset-env", "--"]


def listens(port):
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def await_true(what, holds, seconds=READY_SECONDS, process=None):
    """Waits until it holds; how long that took."""
    begun = time.monotonic()
    while time.monotonic() < begun + seconds:
        if holds():
            return time.monotonic() - begun
        if process and not process.runs():
            raise Failure(f"{process.name} ended: {process.tail()}")
        time.sleep(0.05)
    raise Failure(f"{what}: not within {seconds} s" + (f"; {process.tail()}" if process else ""))


class Process:
    """A server in a session of its own: an interrupt at the terminal reaches us, and we stop it."""

    def __init__(self, name, folder, account=None):
        self.name, self.folder, self.account = name, folder, account
        self.log = folder + ".log"
        self.process = None

    def launch(self, command, environment=None):
        inherited = {key: value for key, value in os.environ.items()
                     if not key.startswith(("CIRCADIA_", "DATABASE_", "REDIS_URL", "SMTP_URL", "PORT", "PG", "MYSQL"))}
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                as_account(self.account) + command, cwd=self.folder, env={**inherited, **(environment or {})},
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)

    def runs(self):
        return self.process is not None and self.process.poll() is None

    def tail(self):
        with open(self.log, errors="replace", encoding="utf-8") as log:
            return log.read()[-3000:].strip()

    def send(self, number):
        """To it and its children, the parent first, so that it makes no more of them."""
        for pid in tree(self.process.pid):
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def kill(self):
        self.send(signal.SIGKILL)
        self.process.wait(STOP_SECONDS)

    def freeze(self):
        self.send(signal.SIGSTOP)

    def go_on(self):
        self.send(signal.SIGCONT)

    def stop(self, number=signal.SIGTERM):
        if not self.runs():
            return
        self.go_on()
        self.process.send_signal(number)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            say(f"{self.name} didn't stop within {STOP_SECONDS} s; killing it")
            self.kill()


class Stage:
    """What a drill has started, to be stopped in the reverse order."""

    def __init__(self, scratch):
        self.scratch = scratch
        self.started = []

    def folder(self, name):
        return os.path.join(self.scratch, name)

    def add(self, it):
        self.started.append(it)
        return it

    def stop(self):
        for it in reversed(self.started):
            try:
                it.stop()
            except Exception as error:  # the others are to be stopped, too
                say(f"{getattr(it, 'name', it)} can't be stopped: {error}")
        self.started.clear()
