"""What the database alone can do: pgbench runs the statements that the server runs. They come from PostgreSQL's log of
one request for each route, so they can't differ from the server's."""

import glob
import os
import re
import time

from machine import Failure
from people import dates

TRACED = ("point", "calendar", "today", "put")
ENTRY = re.compile(r"^\d{4}-\d\d-\d\d \S+ \S+ \[(\d+)\] (LOG|DETAIL):  (.*)$")
PARAMETER = re.compile(r"\$(\d+) = (NULL|'(?:[^']|'')*')")
INSERT = re.compile(r"^(?:WITH first AS \()?INSERT INTO \S+ \(([^)]*)\) VALUES \(([^)]*)\)", re.IGNORECASE)


def transactions(text):
    """The log's transactions: lists of [statement, parameters]. A statement outside of one is one by itself."""
    open_ones, latest, finished = {}, {}, []
    for line in text.splitlines():
        match = ENTRY.match(line)
        if not match:
            continue
        pid, level, rest = match.groups()
        if level == "DETAIL":
            if pid in latest and rest.startswith("parameters: "):
                latest[pid][1] = {int(number): None if value == "NULL" else value[1:-1].replace("''", "'")
                                  for number, value in PARAMETER.findall(rest)}
            continue
        _, found, statement = rest.partition(": ")
        if not found or not rest.startswith(("statement: ", "execute ")):
            continue
        latest[pid] = [statement, {}]
        if statement.upper().startswith("BEGIN"):
            open_ones[pid] = [latest[pid]]
        elif pid not in open_ones:
            finished.append([latest[pid]])
        else:
            open_ones[pid].append(latest[pid])
            if statement.upper() in ("COMMIT", "ROLLBACK"):
                finished.append(open_ones.pop(pid))
    return finished


def trace(database, requests, route):
    """The transactions that one request makes."""
    owner = requests.filled["people"][0]["id"]
    requests.once(route)
    database.sql("postgres", "ALTER SYSTEM SET log_statement = 'all'", "SELECT pg_reload_conf()")
    try:
        time.sleep(0.3)
        begin = os.path.getsize(database.log())
        requests.once(route)
        end = time.monotonic() + 5
        while time.monotonic() < end:
            time.sleep(0.1)
            with open(database.log(), encoding="utf-8", errors="replace") as log:
                log.seek(begin)
                found = [each for each in transactions(log.read())
                         if any(owner in parameters.values() for _, parameters in each)]
            if found:
                return found
    finally:
        database.sql("postgres", "ALTER SYSTEM RESET log_statement", "SELECT pg_reload_conf()")
    raise Failure(f"PostgreSQL's log shows no transaction for {route}")


def script(traced, filled):
    """A pgbench script over all people, and the variables that it is given. Ids and days are chosen from constant arrays
    within the statement (looked up once an execution); every other parameter stays one."""
    people = filled["people"]
    owner, habit, day = people[0]["id"], people[0]["habits"][0], dates(filled)[0]
    habits = [each for person in people for each in person["habits"]]
    count = len(people[0]["habits"])

    def chosen(values, kind, index):
        return f"('{{{','.join(values)}}}'::{kind}[])[:{index}]"

    arrays = {owner: chosen([person["id"] for person in people], "uuid", "person"),
              habit: chosen(habits, "uuid", "habit"), day: chosen(dates(filled), "date", "day")}
    lines = [f"\\set person random(1, {len(people)})", f"\\set habit (:person - 1) * {count} + random(1, {count})",
             f"\\set day random(1, {len(dates(filled))})"]
    variables, returned = {}, False
    for number, (statement, parameters) in enumerate(step for each in traced for step in each):
        insert = INSERT.match(statement)
        revision = None
        if insert and returned:
            names = [name.strip().strip('"') for name in insert[1].split(",")]
            values = [value.strip() for value in insert[2].split(",")]
            revision = dict(zip(names, values)).get("rev")

        def put(match, *, parameters=parameters, number=number, revision=revision):
            value = parameters.get(int(match[1]))
            if value is None:
                return "NULL"
            if value in arrays:
                return arrays[value]
            if match[0] == revision:
                return ":rev"
            name = f"p{number}_{match[1]}"
            variables[name] = value
            return f":{name}"

        text = re.sub(r"\$(\d+)", put, statement)
        if statement.startswith("UPDATE user_revisions") and statement.endswith("RETURNING rev"):
            returned = True
            lines.append(text + " \\gset")
        else:
            lines.append(text + ";")
    return "\n".join(lines) + "\n", variables


class Ceiling:
    """pgbench over a copy of the filled database: what its PUT writes is no true history."""

    name = "pgbench"
    memory_mb = None

    def __init__(self, database, source, requests, folder, routes):
        self.database, self.folder, self.scripts, self.statements = database, folder, {}, {}
        os.makedirs(folder)
        for route in routes:
            traced = trace(database, requests, route)
            text, variables = script(traced, requests.filled)
            path = os.path.join(folder, f"{route}.sql")
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            self.scripts[route] = (path, variables)
            self.statements[route] = sum(len(each) for each in traced)
        self.source = source

    def prepare(self):
        """Makes the copy; nobody may be connected to the source."""
        self.database.copy(self.source, "ceiling")

    def measure(self, route, seconds, connections, threads):
        path, variables = self.scripts[route]
        prefix = os.path.join(self.folder, f"log-{route}")
        before = self.database.processor_seconds()
        output = self.database.program(
            "pgbench", "--no-vacuum", "--protocol=prepared", f"--client={connections}", f"--jobs={threads}",
            f"--time={seconds}", f"--file={path}", "--log", f"--log-prefix={prefix}", "--random-seed=7",
            *(f"--define={name}={value}" for name, value in variables.items()), "ceiling", seconds=seconds + 60,
        )
        used = self.database.processor_seconds() - before
        count = int(re.search(r"actually processed: (\d+)", output)[1])
        rate = float(re.search(r"tps = ([\d.]+)", output)[1])
        if count == 0:
            raise Failure(f"pgbench made no transaction for {route}")
        micros = []
        for each in glob.glob(prefix + ".*"):
            with open(each, encoding="utf-8") as file:
                micros += [int(line.split()[2]) for line in file]
            os.remove(each)
        micros.sort()
        return {"rate": rate, "p50": micros[len(micros) // 2], "p99": micros[len(micros) * 99 // 100],
                "database_micros": used / count * 1e6, "requests": count}
