"""Runs the drills. `tests/cluster/run` has installed what they need."""

import argparse
import os
import shutil
import signal
import sys
import tempfile
import time

import report
from processes import Failure, Stage, run, say

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DRILLS = ("galera", "pgbouncer", "replica", "sentinel")


def arguments():
    parser = argparse.ArgumentParser(prog="tests/cluster/run", description="Drills with more than one machine, on this one.")
    parser.add_argument("--quick", action="store_true", help="shorter loads")
    parser.add_argument("--only", metavar="NAMES", default=",".join(DRILLS), help=f"of {', '.join(DRILLS)}")
    parser.add_argument("--binary", metavar="PATH", help="the circadia to run (otherwise it is built)")
    parser.add_argument("--tests", metavar="PATH", help="the black-box tests' binary, to be run through PgBouncer as well")
    parser.add_argument("--keep", action="store_true", help="keeps the folder with the logs")
    options = parser.parse_args()
    options.only = options.only.split(",")
    for name in options.only:
        if name not in DRILLS:
            parser.error(f"{name} isn't one of {', '.join(DRILLS)}")
    for path in filter(None, (options.binary, options.tests)):
        if not os.access(path, os.X_OK):
            parser.error(f"{path} isn't a program")
    return options


def build():
    say("building circadia")
    features = ["--features", "postgres,mysql"]
    run(["cargo", "build", "--locked", "-p", "circadia-server", *features], seconds=3600, cwd=ROOT)
    target = os.environ.get("CARGO_TARGET_DIR", os.path.join(ROOT, "target"))
    return os.path.join(target, "debug", "circadia")


def drill(name, options, scratch):
    module = __import__(f"drill_{name}")
    told = report.Report(name)
    stage = Stage(os.path.join(scratch, name))
    os.makedirs(stage.scratch, mode=0o755)
    begun = time.monotonic()
    say(f"{name}: begins")
    try:
        module.drill(stage, options, told)
    except (Failure, OSError) as failure:
        told.promise("the drill reaches its end", False, failure)
    finally:
        stage.stop()
    say(f"{name}: took {time.monotonic() - begun:.0f} s")
    return told


def main():
    options = arguments()

    def told_to_end(number, _frame):
        raise SystemExit(128 + number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, told_to_end)
    scratch = tempfile.mkdtemp(prefix="circadia-cluster.")
    os.chmod(scratch, 0o755)  # the servers' accounts pass through it
    reports = []
    try:
        options.binary = os.path.abspath(options.binary or build())
        options.tests = options.tests and os.path.abspath(options.tests)
        for name in options.only:
            reports.append(drill(name, options, scratch))
    except Failure as failure:
        say(str(failure))
        return 1
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        if options.keep:
            say(f"the logs are in {scratch}")
        else:
            shutil.rmtree(scratch, ignore_errors=True)
    print("\n" + "\n\n".join(each.table() for each in reports))
    broken = sum(each.broken for each in reports)
    print(f"\n{report.machine()}\n{broken} promises were broken" if broken else f"\n{report.machine()}\nevery promise was kept")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
