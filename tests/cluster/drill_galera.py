"""A Galera cluster of three nodes, all of which are written, under three replicas of the API. One node is killed, then
another one frozen."""

import concurrent.futures
import threading
import time

import haproxy
from api import API, Caller, Replica, migrate
from clients import PASSWORD, Load, check
from galera import Cluster, Session
from haproxy import Haproxy, section
from processes import Failure, await_true, free_port
from redis_sentinel import Redises
from report import failures, latency, longest_gap, served
from smtp import Smtp

WRITES = ("PUT entry", "POST task", "increment")
# Percent, while two nodes stand. Shorter loads have the moments of the faults, and less of the time in between.
SERVED, SERVED_QUICK = 99.0, 95.0
AFTER = 3  # seconds
BACKLOG = 60  # mails that become due at one instant


def drill(stage, options, told):
    cluster = Cluster(stage)
    cluster.start()
    first, second, third = cluster.nodes
    facts(options, told, cluster, stage)
    migrate(options.binary, stage.folder("migrate"), first.url())
    shape(told, first)
    claims(told, first, second)
    causality(told, first, second)

    redises, smtp = Redises(stage), Smtp(stage)
    database, redis, api = free_port(), free_port(), free_port()
    below = Haproxy(stage, [
        section(haproxy.GALERA, database, [(node.name, node.port, node.check) for node in cluster.nodes]),
        haproxy.redis(redis, redises),
    ], "haproxy-below")
    below.await_up("galera", 3)
    below.await_redis(redises)
    url = f"mysql://circadia:{cluster.password}@127.0.0.1:{database}/circadia"
    replicas = [Replica(stage, options.binary, f"api{number}", url, REDIS_URL=f"redis://127.0.0.1:{redis}",
                        SMTP_URL=f"{smtp.url}?tls=none") for number in (1, 2, 3)]
    for replica in replicas:
        replica.await_ready()
    above = Haproxy(stage, [section(haproxy.API, api, [(it.name, it.port, None) for it in replicas])], "haproxy-above")
    above.await_up("api", 3)

    limit(told, api)
    backlog(told, api, first, smtp)
    load = faults(told, options, cluster, below, api)
    ends(told, options, stage, cluster, load, replicas, smtp)


def facts(options, told, cluster, stage):
    """What doesn't reach from node to node, and what migrations make of that."""
    first, second, third = cluster.nodes
    one, other = Session(first, "mysql"), Session(second, "mysql")
    got = one.run("SELECT GET_LOCK('drill', 1)") + other.run("SELECT GET_LOCK('drill', 1)")
    one.close(), other.close()
    told.measured("GET_LOCK of one name on two nodes", f"answers {' and '.join(got)}: it isn't replicated")
    first.sql("CREATE DATABASE race")

    def one_migrates(node):
        try:
            migrate(options.binary, stage.folder(f"race-{node.name}"), node.url("race"))
            return "migrated"
        except Failure as failure:
            return str(failure).strip().splitlines()[-1]

    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        outcomes = list(pool.map(one_migrates, cluster.nodes))
    told.measured("`circadia migrate` through three nodes at once, on an empty database", "; ".join(outcomes))
    migrate(options.binary, stage.folder("race-again"), first.url("race"))
    tables = [node.sql("SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'race'")[0][0]
              for node in cluster.nodes]
    told.measured("and once more through one: tables on each node", ", ".join(tables))
    first.sql("DROP DATABASE race")


def shape(told, node):
    """What Galera asks of tables."""
    wrong = node.sql("""
        SELECT t.table_name FROM information_schema.tables t WHERE t.table_schema = 'circadia' AND (t.engine <> 'InnoDB'
            OR NOT EXISTS (SELECT 1 FROM information_schema.table_constraints c WHERE c.table_schema = t.table_schema
                AND c.table_name = t.table_name AND c.constraint_type = 'PRIMARY KEY'))""")
    told.none_of("a table without primary key, or not InnoDB", [row[0] for row in wrong])
    counted = node.sql("""SELECT CONCAT(table_name, '.', column_name) FROM information_schema.columns
        WHERE table_schema = 'circadia' AND extra LIKE '%auto_increment%'""")
    told.measured("AUTO_INCREMENT columns, whose numbers have gaps and aren't in the order of commits",
                  ", ".join(row[0] for row in counted) or "none")


def claims(told, one, other):
    """Two nodes lock the same job, because locks aren't replicated: one of them must lose."""
    one.sql("CREATE TABLE claims (id INT PRIMARY KEY, taken INT NOT NULL); INSERT INTO claims VALUES (1, 0)", "circadia")
    await_true("the other node has it", lambda: other.sql("SELECT COUNT(*) FROM claims", "circadia") == [["1"]], 10)
    sessions = [Session(node, "circadia") for node in (one, other)]
    seen = [session.run("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED", "START TRANSACTION",
                        "SELECT id FROM claims WHERE taken = 0 FOR UPDATE SKIP LOCKED",
                        "UPDATE claims SET taken = taken + 1 WHERE id = 1") for session in sessions]
    ends = [session.run("COMMIT") for session in sessions]
    # A lost transaction may be told with its next statement.
    ends = [end + session.run("SELECT 'x' FROM claims") for end, session in zip(ends, sessions)]
    lost = [line for end in ends for line in end if line.startswith("ERROR")]
    for session in sessions:
        session.close()
    taken = one.sql("SELECT taken FROM claims", "circadia")[0][0]
    told.measured("FOR UPDATE SKIP LOCKED of one row on two nodes", f"both got it: {'yes' if seen == [['1'], ['1']] else seen}")
    told.promise("of two that claim one job on two nodes, one commits", taken == "1" and len(lost) == 1,
                 f"taken {taken} time(s); the other: {lost[0] if lost else 'no error'}")
    one.sql("DROP TABLE claims", "circadia")


def causality(told, one, other):
    """What another node answers just after a commit, with and without wsrep_sync_wait."""
    one.sql("CREATE TABLE seen (id INT PRIMARY KEY, n INT NOT NULL); INSERT INTO seen VALUES (1, 0)", "circadia")
    writer, reader = Session(one, "circadia"), Session(other, "circadia")
    for wait in (0, 1):
        reader.run(f"SET SESSION wsrep_sync_wait = {wait}")
        stale, rounds, begun = 0, 300, time.monotonic()
        for _ in range(rounds):
            value = writer.run("UPDATE seen SET n = n + 1", "SELECT n FROM seen")[0]
            stale += reader.run("SELECT n FROM seen") != [value]
        each = (time.monotonic() - begun) / rounds * 1000
        told.measured(f"wsrep_sync_wait = {wait}: reads of another node's last commit that were stale",
                      f"{stale} of {rounds}, {each:.1f} ms for write and read")
    writer.close(), reader.close()
    one.sql("DROP TABLE seen", "circadia")


def limit(told, api):
    """Eight attempts of a burst, each at another replica."""
    def attempt(_):
        body = {"username": "nobody", "password": "wrong wrong wrong"}
        return Caller(api, "10.9.9.9").ask("POST", f"{API}/auth/login", body).status

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(attempt, range(8)))
    told.promise("the sixth attempt of a burst is refused, wherever it lands", statuses == [401] * 5 + [429] * 3, statuses)


def register(api, number):
    """One account, from an address of its own; whether it was acknowledged."""
    name = f"mail{number:04}"
    body = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
    try:
        return Caller(api, f"10.20.{number // 250}.{number % 250}").ask("POST", f"{API}/auth/register", body).status == 201
    except Exception:
        return False


def backlog(told, api, node, smtp):
    """Mails that all become due at one instant, for six workers on three nodes."""
    node.sql("CREATE TRIGGER hold BEFORE INSERT ON jobs FOR EACH ROW "
             "SET NEW.run_at = IF(NEW.kind = 'mail', UTC_TIMESTAMP(6) + INTERVAL 1 HOUR, NEW.run_at)", "circadia")
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        made = sum(pool.map(lambda number: register(api, number), range(BACKLOG)))
    before = losses(node.cluster)
    node.sql("DROP TRIGGER hold; UPDATE jobs SET run_at = UTC_TIMESTAMP(6) WHERE kind = 'mail' AND state = 'waiting'",
             "circadia")
    seconds = await_true("the mails are sent", lambda: sum(smtp.ids()[0].values()) >= made, 60)
    time.sleep(2)
    ids, _ = smtp.ids()
    again = node.sql("SELECT COUNT(*) FROM jobs WHERE kind = 'mail' AND attempts > 1", "circadia")[0][0]
    told.promise("mails due at one instant, six workers on three nodes: each is sent once",
                 len(ids) == made and set(ids.values()) == {1},
                 f"{len(ids)} mails in {seconds:.1f} s, {sum(ids.values()) - len(ids)} sent twice, {again} claimed twice; "
                 f"{losses(node.cluster) - before} transactions lost to another node's meanwhile, and ran again")


def losses(cluster):
    """Transactions that a node refused because another one had committed first."""
    total = 0
    for node in cluster.nodes:
        status = node.status()
        total += int(status.get("wsrep_local_cert_failures", 0)) + int(status.get("wsrep_local_bf_aborts", 0))
    return total


class Registrar(threading.Thread):
    """Registers an account each second, so that mails are sent during the faults."""

    def __init__(self, api):
        super().__init__(daemon=True)
        self.api, self.over, self.acknowledged, self.uncertain = api, threading.Event(), [], []

    def run(self):
        number = 1000
        while not self.over.wait(1):
            (self.acknowledged if register(self.api, number) else self.uncertain).append(f"mail{number:04}")
            number += 1


def faults(told, options, cluster, below, api):
    people, rate = (6, 1.5) if options.quick else (10, 2.0)
    calm = 4 if options.quick else 15
    load, registrar = Load(api, people, rate), Registrar(api)
    load.register()
    load.start()
    registrar.start()
    time.sleep(calm)
    killed_at = time.monotonic()
    cluster.nodes[1].kill()
    time.sleep(calm)
    restarted_at = time.monotonic()
    cluster.nodes[1].start_and_join()
    joined = time.monotonic() - restarted_at
    below.await_up("galera", 3)
    joined_at = time.monotonic()
    time.sleep(calm)
    frozen_at = time.monotonic()
    cluster.nodes[2].freeze()
    time.sleep(10)
    cluster.nodes[2].go_on()
    cluster.nodes[2].await_synced()
    below.await_up("galera", 3)
    back_at = time.monotonic()
    time.sleep(calm)
    registrar.over.set()
    load.finish()
    registrar.join(20)
    load.registrar = registrar

    everything, least = load.between(load.began, load.ended), SERVED_QUICK if options.quick else SERVED
    told.measured("requests", f"{len(everything)} in {load.ended - load.began:.0f} s; median "
                  f"{latency(everything, 0.5):.0f} ms, 99th percentile {latency(everything, 0.99):.0f} ms, with waits")
    told.measured("the killed node is a member again after its start", f"{joined:.1f} s")
    told.measured("the frozen node is a member again after it goes on", f"{back_at - frozen_at - 10:.1f} s")
    # With the moments after its return.
    for what, begin, end in (("one node killed", killed_at, joined_at + AFTER), ("one node frozen", frozen_at, back_at + AFTER)):
        records = load.between(begin, end)
        share, text = served(records)
        kinds, seconds = failures(records, begin)
        told.promise(f"{what}: at least {least:.0f} % of requests are served at the first attempt", share >= least,
                     f"{text} in {end - begin:.0f} s")
        told.measured(f"{what}: what failed", kinds)
        told.measured(f"{what}: what failed, by second since", seconds)
        told.measured(f"{what}: longest time without an acknowledged write",
                      f"{longest_gap(load.records, begin, end, WRITES):.1f} s")
    share, text = served(everything)
    told.measured("served in all", text)
    told.measured("what failed in all, by second since the load began", failures(everything, load.began)[1])
    told.measured("the faults: killed, started again, member again, frozen, member again", ", ".join(
        f"{at - load.began:.0f} s" for at in (killed_at, restarted_at, joined_at, frozen_at, back_at)))
    never = sum(1 for person in load.people for possible in person.ledger.entries.values() if len(possible) > 1)
    told.measured("entries whose last write was never acknowledged", never)
    told.none_of("somebody was signed out, or got an error other than 503", load.broken)
    told.none_of("a write wasn't found right after it was acknowledged", load.stale)
    return load


def ends(told, options, stage, cluster, load, replicas, smtp):
    wrong = []
    for node in cluster.nodes:
        replica = Replica(stage, options.binary, f"at-{node.name}", node.url())
        replica.await_ready()
        wrong += check(load, replica.port, node.name)
        replica.stop()
    told.none_of("something acknowledged was lost or doubled, at any node", wrong)
    certain = sum(sum(len(possible) for possible in person.ledger.entries.values()) for person in load.people)
    told.measured("days with entries that were checked at each node", certain)
    differences = []
    tables = [row[0] for row in cluster.nodes[0].sql("SHOW TABLES", "circadia")]
    for replica in replicas:
        replica.stop()
    for table in tables:
        sums = {tuple(node.sql(f"CHECKSUM TABLE `{table}`", "circadia", seconds=60)[0]) for node in cluster.nodes}
        if len(sums) > 1:
            differences.append(table)
    told.none_of("the nodes differ in a table (CHECKSUM TABLE)", differences)
    told.measured("transactions that lost to another node's", losses(cluster))
    retried = sum(text.count("a transaction lost to another one, and runs again") for text in map(read, replicas))
    told.measured("transactions that the API ran again", retried)

    ids, receivers = smtp.ids()
    registrar = load.registrar
    receivers = set(receivers.values())
    waiting = int(cluster.nodes[0].sql("SELECT COUNT(*) FROM jobs WHERE kind = 'mail' AND state = 'waiting'",
                                       "circadia")[0][0])
    unsent = [name for name in registrar.acknowledged if f"{name}@example.org" not in receivers]
    told.promise("a mail for each account that was registered during the faults, sent or still waiting",
                 len(unsent) <= waiting, f"{len(registrar.acknowledged)} accounts, {len(unsent)} unsent, {waiting} waiting")
    told.measured("mails sent twice during the faults (under one Message-ID)",
                  f"{sum(ids.values()) - len(ids)} of {len(ids)}")
    told.none_of("a replica panicked", [line.strip()[:200] for it in replicas for line in it.panics()])


def read(process):
    with open(process.log, errors="replace", encoding="utf-8") as file:
        return file.read()
