#!/usr/bin/env python3
"""Helm's engine from the Python package, which renders where there is no Go, renders what the official program renders.

    tests/kubernetes/engines.py --helm PATH
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "chart"))

from engine import Engine, Program, examples, parsed  # noqa: E402


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--helm", required=True)
    official, engine = Program(arguments.parse_args().helm), Engine()
    for name, values in examples().items():
        for upgrade in (False, True):
            one, other = by_name(official.render(values, upgrade)), by_name(engine.render(values, upgrade))
            differing = sorted(key for key in one.keys() | other.keys() if one.get(key) != other.get(key))
            if differing:
                sys.exit(f"{name}: Helm {official.version} and {engine.version} differ in {differing}")
    print(f"Helm {official.version} and {engine.version} render the same objects of {len(examples())} examples")


def by_name(text):
    return {(found["kind"], found["metadata"]["name"]): found for found in parsed(text)}


if __name__ == "__main__":
    main()
