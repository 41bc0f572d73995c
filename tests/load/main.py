"""Measures the request path. `tests/load/run` has installed what this needs."""

import argparse
import hashlib
import json
import os
import shutil
import signal
import sys
import tempfile
import time

import ceiling
import report
import subjects
from databases import DATABASES, schema_of
from machine import Failure, run, say
from people import MIX, ROUTES, Requests, fill

ROOT = os.path.dirname(os.path.dirname(subjects.HERE))
THREADS = 2
STALE_DAYS = 7
FORMAT = 1  # raised when the fill changes
PACED = 0.8


def arguments():
    parser = argparse.ArgumentParser(prog="tests/load/run", description="Measures the request path: requests a second, "
                                     "times, processor time and statements, beside pgbench, a peer and another binary.")
    add = parser.add_argument
    add("--quick", action="store_true", help="about two minutes: 100 people, 2 rounds of 2 s, PostgreSQL and SQLite")
    add("--binary", metavar="PATH", help="the circadia to measure (otherwise a release build is made)")
    add("--compare", metavar="PATH", help="another circadia, measured in turn, with a database of its own")
    add("--only", metavar="NAMES", help=f"these databases: {','.join(DATABASES)}")
    add("--routes", metavar="NAMES", help=f"these routes: {','.join(ROUTES)},mix")
    add("--without", metavar="NAMES", default="", help="without pgbench, peer")
    add("--users", type=int, help="people (400; with --quick 100)")
    add("--seconds", type=int, help="of each measurement (5; with --quick 2)")
    add("--rounds", type=int, help="(5; with --quick 2)")
    add("--connections", type=int, default=16)
    add("--cache", metavar="DIR", help="keeps filled databases and the peer's packages")
    add("--refill", action="store_true", help="fills anew, whatever the cache has")
    add("--json", metavar="FILE", help="writes every figure of every round")
    add("--markdown", metavar="FILE", help="writes the tables, between the marks of docs/PERFORMANCE.md")
    options = parser.parse_args()
    quick = options.quick
    options.users = options.users or (100 if quick else 400)
    options.seconds = options.seconds or (2 if quick else 5)
    options.rounds = options.rounds or (2 if quick else 5)

    def names(given, known, default):
        chosen = given.split(",") if given else default
        for name in chosen:
            if name not in known:
                parser.error(f"{name} isn't one of {', '.join(known)}")
        return chosen

    options.only = names(options.only, list(DATABASES), ["postgres", "sqlite"] + ([] if quick else ["mariadb"]))
    options.routes = names(options.routes, [*ROUTES, "mix"], list(ROUTES) + ([] if quick else ["mix"]))
    options.without = names(options.without, ["pgbench", "peer"], [])
    for name in ("users", "seconds", "rounds", "connections"):
        if not 1 <= getattr(options, name) <= 100000:
            parser.error(f"--{name} is out of range")
    for path in filter(None, (options.binary, options.compare)):
        if not os.access(path, os.X_OK):
            parser.error(f"{path} isn't a program")
    return options


def build():
    say("building circadia (profile dist)")
    features = ["--features", "postgres,mysql"]
    run(["cargo", "build", "--profile", "dist", "--locked", "-p", "circadia-server", *features], seconds=3600, cwd=ROOT)
    told = json.loads(run(["cargo", "metadata", "--format-version", "1", "--no-deps"], seconds=60, cwd=ROOT))
    return os.path.join(told["target_directory"], "dist", "circadia")


class Run:
    """One database with all that is measured on it."""

    def __init__(self, options, scratch, cache, database, schemas, peer):
        self.options, self.scratch, self.cache, self.database = options, scratch, cache, database
        self.schemas, self.peer, self.servers, self.subjects = schemas, peer, [], []

    def folder(self, name):
        return os.path.join(self.scratch, self.database.name + "-servers", name)

    def filled(self, name, binary):
        """Makes database `name` and fills it, from the cache where it can; what has to be known of it."""
        key = f"{self.database.name}-{self.options.users}-{FORMAT}-{self.schemas[binary]}"
        dump, told = (os.path.join(self.cache, f"{key}.{suffix}") for suffix in (self.database.suffix, "json"))
        self.database.create(name)
        fresh = os.path.exists(told) and time.time() - os.path.getmtime(told) < STALE_DAYS * 86400
        if fresh and os.path.exists(dump) and not (self.options.refill and dump not in REFILLED):
            say(f"restoring {self.database.title} from {dump}")
            self.database.restore(name, dump)
            with open(told, encoding="utf-8") as file:
                return json.load(file)
        for path in (dump, told):
            if os.path.exists(path):
                os.remove(path)
        server = self.start(binary, f"fill-{name}", name)
        result = fill(server.port, self.options.users, self.database.title)
        server.stop()
        self.servers.remove(server)
        self.database.dump(name, dump)
        with open(os.open(told, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as file:
            json.dump(result, file)
        REFILLED.add(dump)
        if self.database.name == "postgres":
            self.database.sql(name, "VACUUM (ANALYZE)")
        return result

    def start(self, binary, name, database):
        server = subjects.start_circadia(binary, name, self.database.url(database), self.folder(name))
        self.servers.append(server)
        return server

    def circadia(self, binary, name, routes):
        filled = self.filled(name, binary)
        server = self.start(binary, name, name)
        requests = Requests(server, filled, os.path.join(self.folder(name), "requests"))
        subject = subjects.Http(name, server, self.database, requests, routes)
        subject.statements = subjects.count_statements(subject)
        return subject

    def prepare(self):
        options, routes = self.options, self.options.routes
        main = self.circadia(options.binary, "circadia", routes)
        traced = [route for route in routes if route in ceiling.TRACED]
        if self.database.name == "postgres" and traced and "pgbench" not in options.without:
            pgbench = ceiling.Ceiling(self.database, "circadia", main.requests,
                                      os.path.join(self.scratch, "pgbench"), traced)
            # A copy is made while nobody is connected.
            main.server.stop()
            self.servers.remove(main.server)
            pgbench.prepare()
            main.server = main.requests.server = self.start(options.binary, "circadia", "circadia")
            pgbench.routes = traced
            self.subjects.append(pgbench)
        self.subjects.insert(0, main)
        if self.database.name == "postgres" and self.peer and traced:
            server = subjects.start_peer(self.peer, self.database.url("circadia"), main.server, self.folder("peer"), 2)
            self.servers.append(server)
            self.subjects.append(subjects.Http("peer", server, self.database, main.requests, traced))
        if options.compare:
            self.subjects.append(self.circadia(options.compare, "compared", routes))

    def measure(self):
        options = self.options
        rounds = {route: {} for route in options.routes}
        for number in range(options.rounds):
            for route in options.routes:
                # In turn, and each round begins with another: whoever is first has no advantage.
                shift = number % len(self.subjects)
                for subject in self.subjects[shift:] + self.subjects[:shift]:
                    if route in subject.routes:
                        figure = subject.measure(route, options.seconds, options.connections, THREADS)
                        rounds[route].setdefault(subject.name, []).append(figure)
            say(f"{self.database.title}: round {number + 1} of {options.rounds}")
        figures = {route: {name: report.summarise(each) for name, each in of_route.items()}
                   for route, of_route in rounds.items()}
        if not options.quick:
            self.pace(figures)
        return rounds, figures

    def pace(self, figures):
        program = os.path.join(self.scratch, "pace")
        if not os.path.exists(program):
            run(["rustc", "--edition=2024", "-O", "-o", program, os.path.join(subjects.HERE, "pace.rs")], seconds=120)
        for route in self.options.routes:
            for subject in self.subjects:
                if subject.name in ("circadia", "compared"):
                    it = figures[route][subject.name]
                    told = subject.paced(program, route, it["rate"] * PACED, self.options.seconds)
                    if told["refused"] or told["lost"]:
                        say(f"{subject.name}, {route}: {told['lost']} requests were late beyond all measure at 80 %, "
                            f"{told['refused']} refused")
                    else:
                        it["paced_p99"] = told["p99"]
        say(f"{self.database.title}: at 80 % of the peak")

    def result(self):
        self.prepare()
        rounds, figures = self.measure()
        names = [subject.name for subject in self.subjects]
        statements = {subject.name: subject.statements for subject in self.subjects}
        memory = {subject.name: subject.memory_mb() for subject in self.subjects if subject.memory_mb}
        return {"database": self.database.name, "title": self.database.title, "version": self.database.version(),
                "rounds": rounds, "figures": figures, "statements": statements, "memory_mb": memory,
                "rows": report.table(figures, names, statements, "circadia")}

    def stop(self):
        for server in reversed(self.servers):
            server.stop()


REFILLED = set()


def measure_all(options, scratch, cache):
    schemas = {binary: schema_of(binary, scratch) for binary in {options.binary, options.compare} - {None}}
    peer = None
    if "postgres" in options.only and "peer" not in options.without:
        peer = subjects.install_peer(cache)
    results = []
    for name in options.only:
        say(f"starting {DATABASES[name].title}")
        database = DATABASES[name](scratch)
        it = Run(options, scratch, cache, database, schemas, peer)
        try:
            result = it.result()
        finally:
            try:
                it.stop()
            finally:
                database.stop()
        results.append(result)
        print(f"\n{result['title']} ({result['version']})\n\n{report.as_text(result['rows'])}\n")
        print("Resident memory afterwards: " + ", ".join(f"{key} {mb:.0f} MB" for key, mb in result["memory_mb"].items())
              + ".\n", flush=True)
    return results


def main():
    options = arguments()
    told = report.machine()
    if told["load_before"] > 0.3:
        say(f"the machine isn't idle (load {told['load_before']:.1f}): these figures will be too low")

    def told_to_end(number, _frame):
        raise SystemExit(128 + number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, told_to_end)
    scratch = tempfile.mkdtemp(prefix="circadia-load.")
    os.chmod(scratch, 0o711)  # the database's account passes through it
    try:
        options.binary = os.path.abspath(options.binary or build())
        options.compare = options.compare and os.path.abspath(options.compare)
        told["binary"] = hashlib.sha256(open(options.binary, "rb").read()).hexdigest()[:12]
        cache = os.path.abspath(options.cache or os.path.join(scratch, "cache"))
        os.makedirs(cache, exist_ok=True)
        results = measure_all(options, scratch, cache)
        chosen = {key: value for key, value in vars(options).items()}
        print(report.headline(told, chosen))
        print("÷ X is circadia's requests/s over X's: of pgbench, the peer, the compared binary, its own /health/live.")
        if options.json:
            with open(options.json, "w", encoding="utf-8") as file:
                json.dump({"machine": told, "options": chosen, "mix": MIX, "results": results}, file, indent=1)
        if options.markdown:
            report.write_markdown(options.markdown, report.markdown(told, chosen, results))
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
