"""PgBouncer in transaction mode."""

import glob
import os
import re

from processes import Failure, Process, await_true, free_port, listens, make_folder, program, run
from postgres import ACCOUNT, binary

CONFIG = """
[databases]
* = host=127.0.0.1 port={server} user={account} password={password}{more}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {folder}/users.txt
admin_users = {account}
pool_mode = transaction
default_pool_size = {pool}
max_client_conn = 500
max_prepared_statements = {prepared}
{settings}
"""


def path():
    """One that knows max_prepared_statements: the system's, or that which tests/servers built."""
    for candidate in [*glob.glob("/var/cache/circadia-tests/pgbouncer-*/pgbouncer"),
                      *glob.glob(os.path.expanduser("~/.cache/circadia-tests/pgbouncer-*/pgbouncer")),
                      program("pgbouncer")]:
        version = re.search(r"PgBouncer (\d+)\.(\d+)", run([candidate, "--version"], seconds=5))
        if (int(version[1]), int(version[2])) >= (1, 21):
            return candidate
    raise Failure("PgBouncer 1.21 or newer isn't installed; try: tests/servers install-cluster")


def version():
    return run([path(), "--version"], seconds=5).splitlines()[0]


class Pgbouncer(Process):
    """`connect_query` is run on each new connection to the server; `settings` are more lines of the configuration."""

    def __init__(self, stage, server, name="pgbouncer", pool=10, prepared=200, connect_query=None, settings=""):
        super().__init__(name, make_folder(stage.folder(name), "postgres"), "postgres")
        self.port, self.server = free_port(), server
        more = f" connect_query='{connect_query}'" if connect_query else ""
        with open(f"{self.folder}/users.txt", "w", encoding="utf-8") as file:
            file.write(f'"{ACCOUNT}" "{server.password}"\n')
        with open(f"{self.folder}/pgbouncer.ini", "w", encoding="utf-8") as file:
            file.write(CONFIG.format(server=server.port, account=ACCOUNT, password=server.password, more=more,
                                     port=self.port, folder=self.folder, pool=pool, prepared=prepared, settings=settings))
        self.command = [path(), f"{self.folder}/pgbouncer.ini"]
        self.launch(self.command)
        stage.add(self)
        await_true("PgBouncer listens", lambda: listens(self.port), process=self)

    def url(self, database="circadia"):
        return f"postgres://{ACCOUNT}:{self.server.password}@127.0.0.1:{self.port}/{database}"

    def sql(self, statement, database="circadia", seconds=10):
        text = run([binary("psql"), "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--field-separator=\t",
                    f"--dbname={database}", f"--command={statement}"], seconds=seconds,
                   env={**self.server.environment(), "PGPORT": str(self.port)})
        return [line.split("\t") for line in text.splitlines() if line]
