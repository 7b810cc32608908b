#!/usr/bin/env python3
"""Tests of the Helm chart.

    tests/chart/run.py --helm PATH|engine [--podsecurity PATH] [--crds DIRECTORY] --binary PATH [WORD...]     only tests whose names contain one of the words

`--helm engine` takes Helm's engine from the Python package instead of the official program; `--podsecurity` is the program built from
`podsecurity/`, and without it Kubernetes' own admission is not asked; `--crds` has the custom resource definitions that `crds/` names, and without it
their resources are held against schemas of our own. Needs what requirements.txt lists, and a PostgreSQL in `VESTIBULE_TEST_POSTGRES_URL` that this may switch to TLS and back. The exit code says all.
"""

import argparse
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "lib")]

import commands  # noqa: E402
import custom  # noqa: E402
import database  # noqa: E402
import guards  # noqa: E402
import matrix  # noqa: E402
import program  # noqa: E402
import series  # noqa: E402
import verdicts  # noqa: E402
import wiring  # noqa: E402
from engine import Chart, Engine, Program  # noqa: E402

ROOMS = [matrix, custom, wiring, guards, program, series, commands, database]


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--helm", required=True)
    arguments.add_argument("--podsecurity")
    arguments.add_argument("--crds")
    arguments.add_argument("--binary", required=True)
    arguments.add_argument("words", nargs="*")
    given = arguments.parse_args()
    verdicts.end_tidily()
    chart = Chart(Engine() if given.helm == "engine" else Program(given.helm))
    chart.binary = str(Path(given.binary).resolve())
    chart.podsecurity = given.podsecurity
    chart.crds = given.crds
    print(f"Helm {chart.helm.version}")
    tests = [test for room in ROOMS for test in room.TESTS]
    if not given.podsecurity:
        print("no --podsecurity: Kubernetes' own admission is NOT asked")
        tests.remove(matrix.the_admission_of_kubernetes_agrees)
    if not given.crds:
        print("no --crds: custom resources are held against schemas of our own, and NOT against their definitions")
        tests.remove(custom.every_custom_resource_fits_its_own_definition)
    tests = verdicts.wanted(tests, given.words)
    return verdicts.summary(len(tests), verdicts.run(tests, chart))


if __name__ == "__main__":
    sys.exit(main())
