#!/usr/bin/env python3
"""Tests with real server processes.

    tests/processes/run [--binary PATH] [WORD...]     only tests whose names contain one of the words

Needs nothing but the standard library, PostgreSQL's programs and the server. `VESTIBULE_BIN` names the server when `--binary` does not;
`VESTIBULE_TEST_POSTGRES_URL` a PostgreSQL where databases may be made (otherwise one is started); `VESTIBULE_TEST_LONG=1` makes more
rounds. The exit code says all.
"""

import argparse
import os
import signal
import sys
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import crashes  # noqa: E402
import declared  # noqa: E402
import doctor  # noqa: E402
import model  # noqa: E402
import outage  # noqa: E402
import outbox  # noqa: E402
import races  # noqa: E402
import rolling  # noqa: E402
import shutdown  # noqa: E402
import single_use  # noqa: E402
import starts  # noqa: E402
import traces  # noqa: E402
from postgres import Databases  # noqa: E402
from service import Failed, binary  # noqa: E402


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--binary")
    arguments.add_argument("words", nargs="*")
    given = arguments.parse_args()
    if given.binary:
        os.environ["VESTIBULE_BIN"] = str(Path(given.binary).resolve())
    # What was started is ended on this way out too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    binary()
    tests = [test for room in ROOMS for test in room.TESTS]
    tests = [test for test in tests if not given.words or any(word in test.__name__ for word in given.words)]
    with Databases() as databases:
        failed = [test.__name__ for test in tests if not passed(test, databases)]
    print(f"{len(tests) - len(failed)} of {len(tests)} passed", *failed, sep="\n    failed: ")
    return 1 if failed or not tests else 0


def passed(test, databases):
    began = time.monotonic()
    try:
        test(databases)
        verdict = "ok    "
    except Failed as found:
        verdict = f"FAILED\n    {found}\n"
    except Exception:
        verdict = f"FAILED\n{traceback.format_exc()}"
    print(f"{time.monotonic() - began:6.1f} s  {test.__name__.replace('_', ' ')}: {verdict.strip()}", flush=True)
    return verdict.startswith("ok")


ROOMS = [races, starts, crashes, declared, shutdown, outage, rolling, outbox, single_use, model, traces, doctor]

if __name__ == "__main__":
    sys.exit(main())
