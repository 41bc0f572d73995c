"""PostgreSQL: one server, or a primary with a standby that streams from it."""

import glob
import os
import secrets
import signal

from processes import Failure, Process, as_account, await_true, free_port, make_folder, run

ACCOUNT = "circadia"
SETTINGS = ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "max_connections=100",
            "-c", "timezone=Asia/Kolkata", "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "shared_buffers=64MB",
            "-c", "wal_level=replica", "-c", "max_wal_senders=5", "-c", "wal_keep_size=64MB", "-c", "hot_standby=on"]


def binary(name):
    """Of the newest version that is installed."""
    found = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"), key=lambda path: int(path.split("/")[4].split(".")[0]))
    if not found:
        raise Failure(f"{name} isn't installed")
    return found[-1]


class Server(Process):
    """One PostgreSQL server; `password` is that of its superuser."""

    def __init__(self, stage, name, password):
        super().__init__(name, make_folder(stage.folder(name), "postgres"), "postgres")
        self.port, self.password, self.data = free_port(), password, f"{self.folder}/data"
        stage.add(self)

    def environment(self):
        return {**os.environ, "PGPASSWORD": self.password, "PGHOST": "127.0.0.1", "PGPORT": str(self.port),
                "PGUSER": ACCOUNT, "PGCONNECT_TIMEOUT": "2"}

    def initialise(self):
        secret = f"{self.folder}/password"
        with open(secret, "w", encoding="utf-8") as file:
            file.write(self.password)
        self.program("initdb", f"--pgdata={self.data}", f"--username={ACCOUNT}", f"--pwfile={secret}",
                     "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")

    def program(self, name, *arguments, seconds=120):
        # setpriv keeps the environment only where it isn't told to reset it.
        command = [part for part in as_account(self.account) if part != "--reset-env"]
        return run([*command, binary(name), *arguments], seconds=seconds, cwd=self.folder, env=self.environment())

    def start(self, *more):
        # After a kill: what happens to have the number that is in there isn't it.
        if os.path.exists(f"{self.data}/postmaster.pid"):
            os.remove(f"{self.data}/postmaster.pid")
        self.launch([binary("postgres"), "-D", self.data, "-p", str(self.port), *SETTINGS, *more])
        await_true(f"{self.name} answers", self.answers, process=self)

    def sql(self, statement, database="postgres", seconds=10):
        """Rows as lists of text."""
        text = run([binary("psql"), "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--field-separator=\t",
                    f"--dbname={database}", f"--command={statement}"], seconds=seconds, env=self.environment())
        return [line.split("\t") for line in text.splitlines() if line]

    def value(self, statement, database="postgres"):
        return self.sql(statement, database)[0][0]

    def answers(self):
        try:
            return self.value("SELECT 1") == "1"
        except Failure:
            return False

    def url(self, database="circadia"):
        return f"postgres://{ACCOUNT}:{self.password}@127.0.0.1:{self.port}/{database}"

    def stop(self, number=signal.SIGINT):
        """INT sends its clients away; TERM would wait for them."""
        super().stop(number)


class Standby(Server):
    """Streams from a primary, and answers reads."""

    def __init__(self, stage, primary, name="standby"):
        super().__init__(stage, name, primary.password)
        self.primary = primary
        primary.program("pg_basebackup", f"--pgdata={self.data}", "--wal-method=stream", "--checkpoint=fast",
                        "--write-recovery-conf", f"--dbname=application_name={name}", "--no-sync")
        self.start()

    def lag(self, seconds):
        """From now on applies what was committed only so many seconds later; 0 for at once."""
        self.sql(f"ALTER SYSTEM SET recovery_min_apply_delay = '{seconds}s'")
        self.sql("SELECT pg_reload_conf()")

    def position(self):
        return self.value("SELECT pg_last_wal_replay_lsn()")

    def await_caught_up(self, seconds=60):
        """Until it has applied what the primary has written by now; how long that took."""
        wanted = self.primary.value("SELECT pg_current_wal_lsn()")
        reached = f"SELECT pg_last_wal_replay_lsn() >= '{wanted}'::pg_lsn"
        return await_true(f"{self.name} has caught up", lambda: self.value(reached) == "t", seconds, self)

    def reads(self, database="circadia"):
        """Transactions that it has served in a database."""
        self.sql("SELECT pg_stat_clear_snapshot()")
        return int(self.value(f"SELECT COALESCE(SUM(xact_commit + xact_rollback), 0) FROM pg_stat_database "
                              f"WHERE datname = '{database}'"))


def start_primary(stage, database="circadia"):
    primary = Server(stage, "primary", secrets.token_hex(16))
    primary.initialise()
    primary.start()
    primary.sql(f"CREATE DATABASE {database}")
    return primary


def start_primary_and_standby(stage, database="circadia"):
    """Both, with an empty database. `standby.lag(seconds)` makes it lag; `freeze()`, `go_on()`, `stop()`, `kill()` and
    `start()` are of any process. All are stopped with the stage."""
    primary = start_primary(stage, database)
    return primary, Standby(stage, primary)
