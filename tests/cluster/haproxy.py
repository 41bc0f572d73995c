"""HAProxy in front of what there are several of."""

import csv
import http.client
import io

from processes import Process, await_true, free_port, listens, make_folder, program

GLOBAL = """
global
    maxconn 2000
defaults
    timeout connect 1s
    timeout client 30m
    timeout server 30m
    timeout check 500ms
frontend told
    mode http
    bind 127.0.0.1:{port}
    stats enable
    stats uri /
"""

# A node that doesn't take part isn't only spared new connections: those that it has are cut, so that the API's pool
# replaces them instead of waiting for them. And a connection that a node refuses is tried at another at once: the API takes
# a refusal for the whole database's. One that was frozen believes for a moment that it still takes part, so it has to be
# well for two seconds.
GALERA = """
listen galera
    mode tcp
    bind 127.0.0.1:{port}
    balance roundrobin
    option httpchk GET /
    http-check expect status 200
    retries 3
    option redispatch 1
    default-server inter 200ms fall 2 rise 10 on-marked-down shutdown-sessions
{servers}
"""

# `role:master` alone isn't enough: a master that comes back after another one was promoted says it, too, until a Sentinel
# has told it, which takes some ten seconds. So connections go where two of three Sentinels say that the master is.
REDIS = """
frontend redis
    mode tcp
    bind 127.0.0.1:{port}
{choices}
"""

ONE_REDIS = """
backend {name}
    mode tcp
    option tcp-check
    tcp-check send PING\\r\\n
    tcp-check expect string +PONG
    tcp-check send info\\ replication\\r\\n
    tcp-check expect string role:master
    tcp-check send QUIT\\r\\n
    tcp-check expect string +OK
    default-server inter 300ms fall 2 rise 1 on-marked-down shutdown-sessions
    server {name} 127.0.0.1:{at} check
backend {name}-chosen
    mode tcp
    option tcp-check
    tcp-check send SENTINEL\\ get-master-addr-by-name\\ drill\\r\\n
    tcp-check expect string {at}
    default-server inter 300ms fall 2 rise 1
{sentinels}
"""

API = """
listen api
    mode http
    bind 127.0.0.1:{port}
    balance roundrobin
    option forwardfor
    option httpchk GET /health/ready
    http-check expect status 200
    option redispatch 1
    retries 2
    timeout http-keep-alive 5m
    default-server inter 1s fall 2 rise 1 maxconn 200
{servers}
"""


class Haproxy(Process):
    """`sections` are made by section() and redis()."""

    def __init__(self, stage, sections, name="haproxy"):
        super().__init__(name, make_folder(stage.folder(name)))
        self.told = free_port()
        config = f"{self.folder}/haproxy.cfg"
        with open(config, "w", encoding="utf-8") as file:
            file.write(GLOBAL.format(port=self.told) + "".join(sections))
        self.launch([program("haproxy"), "-db", "-f", config])
        stage.add(self)
        await_true("haproxy listens", lambda: listens(self.told), process=self)

    def states(self, proxy):
        """The state of each server behind a proxy, by name."""
        connection = http.client.HTTPConnection("127.0.0.1", self.told, timeout=5)
        connection.request("GET", "/;csv")
        rows = csv.DictReader(io.StringIO(connection.getresponse().read().decode().lstrip("# ")))
        return {row["svname"]: row["status"] for row in rows
                if row["pxname"] == proxy and row["svname"] not in ("FRONTEND", "BACKEND")}

    def await_redis(self, redises):
        """Until the one that the Sentinels say is used."""
        name = redises.master().name
        used = lambda: (self.states(name)[name].startswith("UP")
                        and sum(state.startswith("UP") for state in self.states(f"{name}-chosen").values()) >= 2)
        return await_true(f"{name} is used", used, process=self)

    def await_up(self, proxy, number):
        up = lambda: sum(state.startswith("UP") for state in self.states(proxy).values()) >= number
        return await_true(f"{number} servers of {proxy} are up", up, process=self)


def redis(port, redises):
    """Redis servers behind one port, chosen by their Sentinels."""
    sentinels = "\n".join(f"    server {it.name} 127.0.0.1:{it.port} check" for it in redises.sentinels)
    choices = "\n".join(f"    use_backend {it.name} if {{ nbsrv({it.name}-chosen) ge 2 }}" for it in redises.servers)
    return REDIS.format(port=port, choices=choices) + "".join(
        ONE_REDIS.format(name=it.name, at=it.port, sentinels=sentinels) for it in redises.servers)


def section(template, port, servers):
    """`servers`: name, port, and port of the check if that is another."""
    lines = [f"    server {name} 127.0.0.1:{at} check" + (f" port {checked}" if checked else "")
             for name, at, checked in servers]
    return template.format(port=port, servers="\n".join(lines))
