"""A Galera cluster of three MariaDB nodes."""

import glob
import os
import re
import secrets
import subprocess
import sys

from processes import (
    Failure, Process, as_account, await_true, free_port, listens, make_folder, program, run,
)

ACCOUNT = "circadia"

# How soon a node that doesn't answer is put out: until then, nobody commits. Galera's own settings (suspected after five
# seconds, repeating once a second what the others missed) take six.
EVICTION = ("evs.keepalive_period=PT0.2S;evs.inactive_check_period=PT0.2S;evs.suspect_timeout=PT0.8S;"
            "evs.inactive_timeout=PT1.6S;evs.join_retrans_period=PT0.2S")
START_ATTEMPTS = 3


def library():
    found = glob.glob("/usr/lib/galera/libgalera_smm.so") + glob.glob("/usr/lib*/galera*/libgalera_smm.so")
    if not found:
        raise Failure("galera-4 isn't installed")
    return found[0]


class Node(Process):
    """One node."""

    def __init__(self, stage, number, cluster):
        name = f"node{number}"
        super().__init__(name, make_folder(stage.folder(name), "mysql"), "mysql")
        self.number, self.cluster = number, cluster
        self.port, self.group, self.ist, self.sst, self.check = (free_port() for _ in range(5))
        self.data, self.socket = f"{self.folder}/data", f"{self.folder}/socket"

    def install(self):
        run(as_account("mysql") + [program("mariadb-install-db"), "--no-defaults", f"--datadir={self.data}",
                                   "--skip-test-db", "--auth-root-authentication-method=socket"],
            seconds=120, cwd=self.folder)
        with open(f"{self.folder}/init.sql", "w", encoding="utf-8") as file:
            file.write(f"CREATE USER IF NOT EXISTS '{ACCOUNT}'@'127.0.0.1' IDENTIFIED BY '{self.cluster.password}';\n"
                       f"GRANT ALL PRIVILEGES ON *.* TO '{ACCOUNT}'@'127.0.0.1' WITH GRANT OPTION;\n")

    def settings(self):
        members = ",".join(f"127.0.0.1:{node.group}" for node in self.cluster.nodes)
        provider = (f"gmcast.listen_addr=tcp://127.0.0.1:{self.group};ist.recv_addr=127.0.0.1:{self.ist};"
                    f"gcache.size=64M;{self.cluster.eviction}")
        return [
            "--no-defaults", f"--datadir={self.data}", f"--port={self.port}", "--bind-address=127.0.0.1",
            f"--socket={self.socket}", f"--pid-file={self.folder}/pid", "--skip-name-resolve", "--skip-log-bin",
            "--max-connections=200", "--performance-schema=OFF", "--innodb-buffer-pool-size=64M",
            "--innodb-log-file-size=32M", "--innodb-flush-log-at-trx-commit=2", "--default-time-zone=+05:30",
            "--default-storage-engine=InnoDB", "--binlog-format=ROW", "--innodb-autoinc-lock-mode=2",
            "--wsrep-on=ON", f"--wsrep-provider={library()}", "--wsrep-cluster-name=drill",
            f"--wsrep-cluster-address=gcomm://{members}", f"--wsrep-node-name={self.name}",
            f"--wsrep-node-address=127.0.0.1:{self.group}", f"--wsrep-sst-receive-address=127.0.0.1:{self.sst}",
            "--wsrep-sst-method=rsync", f"--wsrep-provider-options={provider}",
            f"--wsrep-sync-wait={self.cluster.sync_wait}", "--wsrep-slave-threads=2",
        ]

    def start(self, bootstrap=False):
        """Starts it, and doesn't wait. A node that was killed finds where it was, so that it gets what it missed, not
        a copy of everything."""
        command = [program("mariadbd"), *self.settings()]
        environment = {"PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"}
        if bootstrap:
            command += ["--wsrep-new-cluster", f"--init-file={self.folder}/init.sql"]
        elif os.path.exists(f"{self.data}/ibdata1"):
            told = subprocess.run(
                as_account("mysql") + [program("mariadbd"), *self.settings(), "--wsrep-recover", "--log-error="],
                capture_output=True, text=True, timeout=60, check=False, cwd=self.folder)
            if found := re.findall(r"Recovered position:\s*(\S+)", told.stdout + told.stderr):
                command.append(f"--wsrep-start-position={found[-1]}")
        else:
            os.makedirs(self.data, exist_ok=True)
            make_folder(self.data, "mysql")
        self.launch(command, environment)

    def sql(self, statement, database="", seconds=10):
        """Rows as lists of text."""
        text = run([program("mariadb"), "--no-defaults", "--protocol=tcp", "--host=127.0.0.1", f"--port={self.port}",
                    f"--user={ACCOUNT}", "--batch", "--skip-column-names", f"--execute={statement}", database],
                   seconds=seconds, env={**os.environ, "MYSQL_PWD": self.cluster.password})
        return [line.split("\t") for line in text.splitlines()]

    def status(self):
        """Its wsrep_% variables; nothing if it doesn't answer."""
        try:
            return dict(self.sql("SHOW STATUS LIKE 'wsrep_%'", seconds=2))
        except (Failure, ValueError):
            return {}

    def is_synced(self):
        status = self.status()
        return (status.get("wsrep_ready"), status.get("wsrep_local_state_comment")) == ("ON", "Synced")

    def await_synced(self, seconds=120):
        return await_true(f"{self.name} is synced", self.is_synced, seconds, self)

    def start_and_join(self, bootstrap=False):
        """Starts it and waits. Galera 26.4.23 sometimes ends at once, with "Failed to set thread schedparams"."""
        for attempt in range(START_ATTEMPTS):
            self.start(bootstrap)
            try:
                return self.await_synced()
            except Failure:
                if self.runs() or attempt == START_ATTEMPTS - 1 or "schedparams" not in self.tail():
                    raise
        return None

    def url(self, database="circadia"):
        return f"mysql://{ACCOUNT}:{self.cluster.password}@127.0.0.1:{self.port}/{database}"


class Session:
    """A connection to a node that stays open, for transactions that are open at the same time."""

    def __init__(self, node, database):
        self.process = subprocess.Popen(
            [program("mariadb"), "--no-defaults", "--protocol=tcp", "--host=127.0.0.1", f"--port={node.port}",
             f"--user={ACCOUNT}", "--batch", "--skip-column-names", "--unbuffered", "--force", database],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={**os.environ, "MYSQL_PWD": node.cluster.password})

    def run(self, *statements):
        """What they print: rows, and errors as `ERROR 1213 …`."""
        self.process.stdin.write("".join(f"{each};\n" for each in statements) + "SELECT 'end of answer';\n")
        self.process.stdin.flush()
        lines = []
        while (line := self.process.stdout.readline()) and line != "end of answer\n":
            lines.append(line.rstrip("\n"))
        return [line for line in lines if line and not line.startswith("--------------")]

    def close(self):
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()


class Cluster:
    """Three nodes, and what tells HAProxy whether each takes part."""

    def __init__(self, stage, sync_wait=1, eviction=EVICTION):
        self.stage, self.sync_wait, self.eviction = stage, sync_wait, eviction
        self.password = secrets.token_hex(16)
        self.nodes = []
        for number in (1, 2, 3):
            self.nodes.append(Node(stage, number, self))

    def start(self):
        first, *others = self.nodes
        first.install()
        self.stage.add(first)
        first.start_and_join(bootstrap=True)
        for node in others:
            self.stage.add(node)
            node.start_and_join()
        first.sql("CREATE DATABASE circadia")
        checker = Process("galera-check", make_folder(self.stage.folder("galera-check")))
        here = os.path.dirname(os.path.abspath(__file__))
        checker.launch([sys.executable, "-B", f"{here}/galera_check.py",
                        *(f"{node.check}:{node.port}" for node in self.nodes)],
                       {"MYSQL_PWD": self.password, "PATH": os.environ["PATH"]})
        self.stage.add(checker)
        await_true("the checker listens", lambda: all(listens(node.check) for node in self.nodes), process=checker)
