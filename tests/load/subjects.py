"""What is driven over HTTP: a Circadia binary, and the peer."""

import json
import os
import re
import shutil
import subprocess

from machine import Failure, Server, run, say
from people import Client, ROUTES

HERE = os.path.dirname(os.path.abspath(__file__))
SECRET = "a key for measuring, and for nothing else"


class Http:
    """wrk against a server, with what server and database had of the processors meanwhile."""

    statements = {}

    def __init__(self, name, server, database, requests, routes):
        self.name, self.server, self.database, self.requests, self.routes = name, server, database, requests, routes

    def measure(self, route, seconds, connections, threads, offset=0):
        file = self.requests.file(route)
        begin = self.server.processor_seconds(), self.database.processor_seconds()
        output = run(["wrk", f"-t{threads}", f"-c{connections}", f"-d{seconds}s", "--timeout=10s", "--latency",
                      "-s", os.path.join(HERE, "requests.lua"), f"http://127.0.0.1:{self.server.port}",
                      "--", file, str(offset)], seconds=seconds + 30)
        end = self.server.processor_seconds(), self.database.processor_seconds()
        try:
            told = json.loads(output.strip().splitlines()[-1])
        except ValueError:
            raise Failure(f"wrk said: {output[-500:]}") from None
        count = told["requests"]
        if count == 0 or told["refused"] or told["lost"]:
            raise Failure(f"{self.name}, {route}: of {count} requests {told['refused']} were refused and "
                          f"{told['lost']} lost; its log: {self.server.folder}/log")
        result = {"rate": count / told["micros"] * 1e6, "p50": told["p50"], "p95": told["p95"], "p99": told["p99"],
                  "requests": count, "server_micros": (end[0] - begin[0]) / count * 1e6}
        if end[1] is not None:
            result["database_micros"] = (end[1] - begin[1]) / count * 1e6
        return result

    def paced(self, pace, route, rate, seconds):
        output = run([pace, f"127.0.0.1:{self.server.port}", self.requests.file(route), f"{rate:.0f}", str(seconds),
                      "0"], seconds=seconds * 2 + 30)
        return json.loads(output)

    def memory_mb(self):
        return self.server.memory_mb()


def count_statements(subject):
    """What a request sends to the database, as the server itself tells in Server-Timing."""
    counts = {}
    for route in subject.routes:
        if route in ROUTES:
            subject.requests.once(route)
            timing = subject.requests.once(route).getheader("Server-Timing") or ""
            found = re.search(r"(\d+) round trips", timing)
            if found:
                counts[route] = int(found[1])
    return counts


def start_circadia(binary, name, url, folder, log="warn"):
    def environment(port):
        return {"CIRCADIA_BIND": f"127.0.0.1:{port}", "DATABASE_URL": url, "CIRCADIA_DATA_DIR": folder,
                "CIRCADIA_RATE_LIMITS": "off", "CIRCADIA_SECRET_KEY": SECRET, "CIRCADIA_LOG": log}
    return Server(name, [binary], environment, folder)


def node():
    """Node.js 20 or later; None where there is none."""
    try:
        version = run(["node", "--version"], seconds=20).strip()
    except Failure:
        return None
    return version if int(version.lstrip("v").split(".")[0]) >= 20 else None


def install_peer(cache):
    """The peer with its packages, kept in the cache; None where it can't be had."""
    if not shutil.which("node") or not shutil.which("npm"):
        try:
            run([os.path.join(os.path.dirname(HERE), "servers"), "install-peer"], seconds=900)
        except Failure as failure:
            say(f"without the peer: {failure}")
            return None
    if node() is None:
        say("without the peer: Fastify 5 needs Node.js 20 or later")
        return None
    folder = os.path.join(cache, "peer")
    os.makedirs(folder, exist_ok=True)
    changed = False
    for name in ("package.json", "package-lock.json", "peer.js"):
        source, target = os.path.join(HERE, "peer", name), os.path.join(folder, name)
        same = os.path.exists(target) and open(source, "rb").read() == open(target, "rb").read()
        if not same:
            changed = changed or name != "peer.js"
            shutil.copyfile(source, target)
    if changed or not os.path.exists(os.path.join(folder, "node_modules", "installed")):
        say("installing the peer's packages")
        try:
            run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"], seconds=300, cwd=folder,
                stdin=subprocess.DEVNULL)
        except Failure as failure:
            say(f"without the peer: {failure}")
            return None
        with open(os.path.join(folder, "node_modules", "installed"), "w", encoding="utf-8"):
            pass
    return folder


def start_peer(peer, url, circadia, folder, workers):
    """It verifies the tokens that Circadia has signed, by the keys that Circadia publishes."""
    keys, _ = Client(circadia.port).ask("GET", "/.well-known/jwks.json")
    def environment(port):
        return {"NODE_ENV": "production", "PEER_PORT": str(port), "PEER_DATABASE": url,
                "PEER_WORKERS": str(workers), "PEER_KEYS": json.dumps(keys)}
    return Server("peer", ["node", os.path.join(peer, "peer.js")], environment, folder, ready="/health/live")
