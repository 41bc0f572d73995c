"""Tells HAProxy over HTTP whether a node of a Galera cluster takes part: `galera_check.py CHECK_PORT:NODE_PORT…`.

200 while the node is ready, and Synced, a donor, or Joined, which a donor is afterwards until it has caught up. (A donor
isn't blocked while it sends what another one missed; with rsync it is while it sends a copy of everything, so that is
for the first start only.) 503 while it gets a copy, has lost the others, or doesn't answer.
"""

import os
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

INTERVAL = 0.25
TIMEOUT = 0.6


def takes_part(port):
    query = "SHOW STATUS WHERE Variable_name IN ('wsrep_ready', 'wsrep_local_state')"
    command = ["mariadb", "--no-defaults", "--protocol=tcp", "--host=127.0.0.1", f"--port={port}", "--user=circadia",
               "--batch", "--skip-column-names", f"--execute=SET SESSION wsrep_sync_wait = 0; {query}"]
    try:
        told = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=False).stdout
    except subprocess.TimeoutExpired:
        return False
    status = dict(line.split("\t") for line in told.splitlines())
    return status.get("wsrep_ready") == "ON" and status.get("wsrep_local_state") in ("2", "3", "4")


class Watch:
    """Asks one node again and again, so that checks are answered at once. What was last found counts only while new."""

    def __init__(self, port):
        self.port, self.found, self.found_at = port, False, 0.0
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            self.found = takes_part(self.port)
            self.found_at = time.monotonic()
            time.sleep(INTERVAL)

    def is_well(self):
        return self.found and time.monotonic() - self.found_at < INTERVAL + TIMEOUT


def serve(check_port, node_port):
    watch = Watch(node_port)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200 if watch.is_well() else 503)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_OPTIONS = do_HEAD = do_GET

        def log_message(self, *_):
            pass

    ThreadingHTTPServer(("127.0.0.1", check_port), Handler).serve_forever()


if __name__ == "__main__":
    for pair in sys.argv[1:]:
        ports = [int(port) for port in pair.split(":")]
        threading.Thread(target=serve, args=ports, daemon=True).start()
    while os.getppid() != 1:  # ends with who started it
        time.sleep(1)
