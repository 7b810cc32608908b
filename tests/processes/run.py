#!/usr/bin/env python3
"""Tests with real server processes.

    tests/processes/run [--binary PATH] [WORD...]     only tests whose names contain one of the words

Needs nothing but the standard library, PostgreSQL's programs and the server. `VESTIBULE_BIN` names the server when `--binary` does not;
`VESTIBULE_TEST_POSTGRES_URL` a PostgreSQL where databases may be made (otherwise one is started); `VESTIBULE_TEST_LONG=1` makes more
rounds. The exit code says all.
"""

import argparse
import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "lib")]

import backups  # noqa: E402
import crashes  # noqa: E402
import declared  # noqa: E402
import disk  # noqa: E402
import doctor  # noqa: E402
import model  # noqa: E402
import outage  # noqa: E402
import outbox  # noqa: E402
import races  # noqa: E402
import reloads  # noqa: E402
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
    arguments.add_argument("words", nargs="*")
    given = arguments.parse_args()
    if given.binary:
        os.environ["VESTIBULE_BIN"] = str(Path(given.binary).resolve())
    verdicts.end_tidily()
    binary()
    tests = verdicts.wanted([test for room in ROOMS for test in room.TESTS], given.words)
    with Databases() as databases:
        return verdicts.summary(len(tests), verdicts.run(tests, databases))


ROOMS = [races, starts, crashes, declared, shutdown, outage, rolling, outbox, single_use, model, backups, reloads, traces, doctor, disk]

if __name__ == "__main__":
    sys.exit(main())
