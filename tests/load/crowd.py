"""What thousands of idle connections and hundreds of slow clients do to the others, and what a million requests leave in
memory. `tests/load/run crowd` has installed what this needs."""

import argparse
import asyncio
import os
import resource
import shutil
import signal
import statistics
import sys
import tempfile
import threading

import subjects
from databases import Postgres, Sqlite
from machine import Failure, say
from main import build
from people import API, Requests, fill

PEOPLE = 20
CONNECTIONS, THREADS = 8, 2
ROUTE = "point"
MEMORY_STEPS = 10


def arguments():
    parser = argparse.ArgumentParser(prog="tests/load/run crowd", description="Measures one route alone and beside idle "
                                     "and slow clients, in turn; then memory over many requests.")
    add = parser.add_argument
    add("--binary", metavar="PATH", help="the circadia to measure (otherwise a release build is made)")
    add("--database", choices=["sqlite", "postgres"], default="sqlite")
    add("--idle", type=int, default=5000, help="connections that are kept and not used")
    add("--slow", type=int, default=500, help="clients of which half send slowly and half read slowly")
    add("--seconds", type=int, default=5, help="of each measurement")
    add("--rounds", type=int, default=3)
    add("--requests", type=int, default=1_000_000, help="after which memory is told")
    return parser.parse_args()


class Crowd:
    """Idle and slow clients, on a thread of their own, while it is entered."""

    def __init__(self, port, token, idle, slow):
        self.port, self.token, self.counts = port, token, {"idle": idle, "slow": slow}
        self.opened, self.reopened, self.stopping = 0, 0, threading.Event()
        self.ready = threading.Event()
        self.thread = threading.Thread(target=lambda: asyncio.run(self.run()))

    def __enter__(self):
        self.thread.start()
        if not self.ready.wait(60):
            raise Failure(f"only {self.opened} idle connections could be opened")
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.thread.join()

    async def run(self):
        tasks = []
        for number in range(self.counts["idle"]):
            tasks.append(asyncio.create_task(self.idle()))
            if number % 200 == 199:
                await asyncio.sleep(0.05)
        for number in range(self.counts["slow"]):
            tasks.append(asyncio.create_task(self.slow_sender() if number % 2 else self.slow_reader()))
        while self.opened < self.counts["idle"]:
            await asyncio.sleep(0.05)
        self.ready.set()
        while not self.stopping.is_set():
            await asyncio.sleep(0.1)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def idle(self):
        """Asks once, and again when the server has ended the connection."""
        first = True
        while True:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                writer.write(b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
                await reader.readuntil(b"\r\n\r\n")
                self.opened += first
                self.reopened += not first
                first = False
                while await reader.read(1000):
                    pass
                writer.close()
            except OSError:
                await asyncio.sleep(0.2)

    async def slow_sender(self):
        """A byte a second."""
        head = f"GET {API}/me HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Padding: {'x' * 1000}\r\n\r\n".encode()
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                for at in range(len(head)):
                    writer.write(head[at:at + 1])
                    await writer.drain()
                    await asyncio.sleep(1)
                writer.close()
            except OSError:
                await asyncio.sleep(0.2)

    async def slow_reader(self):
        """Asks for a hundred answers at once, and reads a hundred bytes a second."""
        ask = (f"GET {API}/habits HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {self.token}\r\n\r\n").encode() * 100
        while True:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=200)
                writer.write(ask)
                while await reader.read(100):
                    await asyncio.sleep(1)
                writer.close()
            except OSError:
                await asyncio.sleep(0.2)


def measure(options, database, scratch):
    database.create("crowd")
    url = database.url("crowd")
    server = subjects.start_circadia(options.binary, "circadia", url, os.path.join(scratch, "server"))
    try:
        requests = Requests(server, fill(server.port, PEOPLE, database.title), os.path.join(scratch, "requests"))
        subject = subjects.Http("circadia", server, database, requests, [ROUTE])

        def once(seconds=options.seconds):
            return subject.measure(ROUTE, seconds, CONNECTIONS, THREADS)

        once(2)
        alone, crowded, memory = [], [], 0
        for number in range(options.rounds):
            alone.append(once())
            with Crowd(server.port, requests.tokens[0], options.idle, options.slow) as crowd:
                crowded.append(once())
                memory = server.memory_mb()
            say(f"round {number + 1} of {options.rounds}; {crowd.reopened} idle connections had to be opened again")
        print(f"\n{database.title}, {options.idle} idle connections and {options.slow} slow clients:")
        for key, unit in (("rate", 1), ("p50", 1000), ("p99", 1000)):
            before, during = (statistics.median(each[key] for each in figures) / unit for figures in (alone, crowded))
            print(f"  {key}: {before:,.2f} alone, {during:,.2f} beside them ({during / before:.2f} ×)")
        print(f"  memory beside them: {memory:.0f} MB")
        print(f"\nMemory over {options.requests:,} requests:")
        sent, step = 0, options.requests // MEMORY_STEPS
        while sent < options.requests:
            target = sent + step
            while sent < target:
                sent += once()["requests"]
            print(f"  after {sent:>9,}: {server.memory_mb():.1f} MB", flush=True)
    finally:
        server.stop()


def main():
    options = arguments()
    wanted = options.idle + options.slow + 1000
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(hard, wanted)))

    def told_to_end(number, _frame):
        raise SystemExit(128 + number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, told_to_end)
    scratch = tempfile.mkdtemp(prefix="circadia-load.")
    os.chmod(scratch, 0o711)
    try:
        options.binary = os.path.abspath(options.binary or build())
        database = {"sqlite": Sqlite, "postgres": Postgres}[options.database](scratch)
        try:
            measure(options, database, scratch)
        finally:
            database.stop()
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
