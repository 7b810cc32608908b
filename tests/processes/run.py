#!/usr/bin/env python3
"""Tests with real server processes.

    tests/processes/run [--binary PATH] [--lanes NUMBER] [WORD...]     only tests whose names contain one of the words

Needs nothing but the standard library, PostgreSQL's programs and the server. `VESTIBULE_BIN` names the server when `--binary` does not;
`VESTIBULE_TEST_POSTGRES_URL` a PostgreSQL where databases may be made (otherwise one is started); `VESTIBULE_TEST_LONG=1` makes more
rounds. The exit code says all.
"""

import argparse
import os
import queue
import subprocess
import sys
import threading
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "lib")]

import backups  # noqa: E402
import crashes  # noqa: E402
import declared  # noqa: E402
import disk  # noqa: E402
import doctor  # noqa: E402
import migrations  # noqa: E402
import model  # noqa: E402
import outage  # noqa: E402
import outbox  # noqa: E402
import races  # noqa: E402
import reloads  # noqa: E402
import replicas  # noqa: E402
import rolling  # noqa: E402
import shutdown  # noqa: E402
import single_use  # noqa: E402
import starts  # noqa: E402
import traces  # noqa: E402
import verdicts  # noqa: E402
from postgres import Databases  # noqa: E402
from service import binary  # noqa: E402


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--binary")
    # What is long is about load, and has the machine for itself.
    arguments.add_argument("--lanes", type=int, default=1 if os.environ.get("VESTIBULE_TEST_LONG") == "1" else 2, help="how many tests at a time")
    arguments.add_argument("--exactly", metavar="NAME", help="one test by its whole name, and nothing said beside")
    arguments.add_argument("words", nargs="*")
    given = arguments.parse_args()
    if given.binary:
        os.environ["VESTIBULE_BIN"] = str(Path(given.binary).resolve())
    verdicts.end_tidily()
    binary()
    tests = [test for room in ROOMS for test in room.TESTS]
    with Databases() as databases:
        if given.exactly:
            (test,) = (test for test in tests if test.__name__ == given.exactly)
            return 1 if verdicts.run([test], databases) else 0
        tests = verdicts.wanted(tests, given.words)
        failed = in_lanes(tests, databases, given.lanes) if given.lanes > 1 and len(tests) > 1 else verdicts.run(tests, databases)
        return verdicts.summary(len(tests), failed)


def in_lanes(tests, databases, lanes):
    """Each test in a process of its own, so many at a time: most of them wait for most of their time. The names of those that failed."""
    os.environ["VESTIBULE_TEST_POSTGRES_URL"] = databases.server()
    waiting, running, failed = queue.SimpleQueue(), set(), []
    for test in tests:
        waiting.put(test.__name__)

    def lane():
        while True:
            try:
                name = waiting.get_nowait()
            except queue.Empty:
                return
            child = subprocess.Popen([sys.executable, __file__, "--exactly", name], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            running.add(child)
            said = child.communicate()[0]
            running.discard(child)
            if child.returncode:
                failed.append(name)
            print(said, end="", flush=True)

    threads = [threading.Thread(target=lane, daemon=True) for _ in range(lanes)]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        # Told to end: what they started they end themselves.
        for child in list(running):
            child.terminate()
        for child in list(running):
            child.wait(60)
    return failed


ROOMS = [races, replicas, starts, crashes, declared, shutdown, outage, rolling, outbox, single_use, model, migrations, backups, reloads, traces, doctor, disk]

if __name__ == "__main__":
    sys.exit(main())
