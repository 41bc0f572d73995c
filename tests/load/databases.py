"""The three databases: making one, keeping what fills it, and putting that back."""

import glob
import hashlib
import os
import re
import shutil
import sqlite3
from urllib.parse import urlsplit

from machine import Failure, processor_seconds, run

SERVERS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "servers")


class Sqlite:
    name, title, suffix = "sqlite", "SQLite", "db"

    def __init__(self, scratch):
        self.folder = os.path.join(scratch, "sqlite")
        os.makedirs(self.folder)

    def version(self):
        return "SQLite, within the server"

    def path(self, database):
        return os.path.join(self.folder, f"{database}.db")

    def url(self, database):
        return f"sqlite://{self.path(database)}"

    def create(self, database):
        pass  # the server does

    def dump(self, database, file):
        connection = sqlite3.connect(self.path(database))
        connection.execute("VACUUM INTO ?", [file])
        connection.close()

    def restore(self, database, file):
        shutil.copyfile(file, self.path(database))

    def processor_seconds(self):
        return None

    def stop(self):
        pass


class Remote:
    """One that tests/servers starts and stops."""

    server = variable = None

    def __init__(self, scratch):
        self.folder = os.path.join(scratch, self.server)
        self.started = True
        try:
            run([SERVERS, "start", self.folder, "--durable", self.server], seconds=180)
        except BaseException:
            self.stop()
            raise
        with open(os.path.join(self.folder, "env"), encoding="utf-8") as file:
            self.address = re.search(rf"{self.variable}=(\S+)", file.read())[1]
        self.parts = urlsplit(self.address)

    def url(self, database):
        return self.address.rpartition("/")[0] + "/" + database

    def pid(self):
        with open(os.path.join(self.folder, f"{self.server}.pid"), encoding="utf-8") as file:
            return int(file.read())

    def stop(self):
        if self.started:
            self.started = False
            run([SERVERS, "stop", self.folder], seconds=60)


class Postgres(Remote):
    name, title, suffix = "postgres", "PostgreSQL", "pgdump"
    server, variable = "postgres", "CIRCADIA_TEST_POSTGRES_URL"

    def environment(self):
        """By which libpq's programs find it; the password isn't on their command lines."""
        newest = max(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: int(path.split("/")[4].split(".")[0]),
                     default="")
        return {**os.environ, "PATH": f"{newest}:{os.environ['PATH']}", "PGHOST": self.parts.hostname,
                "PGPORT": str(self.parts.port), "PGUSER": self.parts.username, "PGPASSWORD": self.parts.password}

    def program(self, *command, seconds=600):
        return run(command, seconds=seconds, env=self.environment())

    def sql(self, database, *statements):
        command = ["psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", f"--dbname={database}"]
        return self.program(*command, *(f"--command={statement}" for statement in statements)).strip()

    def version(self):
        return "PostgreSQL " + self.sql("postgres", "SHOW server_version")

    def create(self, database):
        self.sql("postgres", f"CREATE DATABASE {database}")

    def dump(self, database, file):
        self.program("pg_dump", "--format=custom", "--compress=1", "--no-owner", f"--file={file}", database)

    def restore(self, database, file):
        self.program("pg_restore", "--no-owner", "--jobs=2", "--exit-on-error", f"--dbname={database}", file)
        self.sql(database, "VACUUM (ANALYZE)")

    def copy(self, source, database):
        self.sql("postgres", f"CREATE DATABASE {database} TEMPLATE {source}")
        self.sql(database, "VACUUM (ANALYZE)")

    def log(self):
        return os.path.join(self.folder, "postgres.log")

    def processor_seconds(self):
        return processor_seconds(self.pid())


class Mariadb(Remote):
    name, title, suffix = "mariadb", "MariaDB", "sql"
    server, variable = "mariadb", "CIRCADIA_TEST_MYSQL_URL"

    def program(self, name, *arguments, **options):
        command = [name, "--no-defaults", "--protocol=tcp", f"--host={self.parts.hostname}",
                   f"--port={self.parts.port}", f"--user={self.parts.username}", *arguments]
        return run(command, seconds=900, env={**os.environ, "MYSQL_PWD": self.parts.password}, **options)

    def version(self):
        return "MariaDB " + self.program("mariadb", "--batch", "--skip-column-names", "--execute=SELECT VERSION()").strip()

    def create(self, database):
        self.program("mariadb", f"--execute=CREATE DATABASE {database}")

    def dump(self, database, file):
        self.program("mariadb-dump", "--single-transaction", "--hex-blob", f"--result-file={file}", database)

    def restore(self, database, file):
        with open(file, "rb") as dump:
            self.program("mariadb", database, stdin=dump)

    def processor_seconds(self):
        return processor_seconds(self.pid())


DATABASES = {kind.name: kind for kind in (Postgres, Sqlite, Mariadb)}


def schema_of(binary, scratch):
    """What a binary's schema is, as short text: of the SQLite database that it makes. The same binary, the same text;
    a binary that changes no table can go on with what another has filled."""
    folder = os.path.join(scratch, f"schema-{hashlib.sha256(binary.encode()).hexdigest()[:8]}")
    os.makedirs(folder)
    path = os.path.join(folder, "schema.db")
    environment = {"PATH": os.environ["PATH"], "DATABASE_URL": f"sqlite://{path}", "CIRCADIA_DATA_DIR": folder}
    run([binary, "migrate"], seconds=60, env=environment, cwd=folder)
    if not os.path.exists(path):
        raise Failure(f"{binary} migrate made no database")
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name").fetchall()
    connection.close()
    return hashlib.sha256(repr(rows).encode()).hexdigest()[:12]
