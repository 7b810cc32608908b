#!/usr/bin/env python3
"""Tests of the Helm chart.

    tests/chart/run.py --helm PATH|engine [--podsecurity PATH] --binary PATH [WORD...]     only tests whose names contain one of the words

`--helm engine` takes Helm's engine from the Python package instead of the official program; `--podsecurity` is the program built from
`podsecurity/`, and without it Kubernetes' own admission is not asked. Needs what requirements.txt lists, and
a PostgreSQL in `VESTIBULE_TEST_POSTGRES_URL` that this may switch to TLS and back. The exit code says all.
"""

import argparse
import signal
import sys
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import database  # noqa: E402
import guards  # noqa: E402
import matrix  # noqa: E402
import program  # noqa: E402
from engine import Chart, Engine, Program  # noqa: E402

ROOMS = [matrix, guards, program, database]


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--helm", required=True)
    arguments.add_argument("--podsecurity")
    arguments.add_argument("--binary", required=True)
    arguments.add_argument("words", nargs="*")
    given = arguments.parse_args()
    # What was started is ended on this way out too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    chart = Chart(Engine() if given.helm == "engine" else Program(given.helm))
    chart.binary = str(Path(given.binary).resolve())
    chart.podsecurity = given.podsecurity
    print(f"Helm {chart.helm.version}")
    tests = [test for room in ROOMS for test in room.TESTS]
    if not given.podsecurity:
        print("no --podsecurity: Kubernetes' own admission is NOT asked")
        tests.remove(matrix.the_admission_of_kubernetes_agrees)
    tests = [test for test in tests if not given.words or any(word in test.__name__ for word in given.words)]
    failed = [test.__name__ for test in tests if not passed(test, chart)]
    print(f"{len(tests) - len(failed)} of {len(tests)} passed", *failed, sep="\n    failed: ")
    return 1 if failed or not tests else 0


def passed(test, chart):
    began = time.monotonic()
    try:
        test(chart)
        verdict = "ok"
    except AssertionError as found:
        verdict = f"FAILED\n    {str(found) or traceback.format_exc()}\n"
    except Exception:
        verdict = f"FAILED\n{traceback.format_exc()}"
    print(f"{time.monotonic() - began:6.1f} s  {test.__name__.replace('_', ' ')}: {verdict}", flush=True)
    return verdict == "ok"


if __name__ == "__main__":
    sys.exit(main())
