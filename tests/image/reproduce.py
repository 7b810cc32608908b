#!/usr/bin/env python3
"""The same source in another directory makes the same program, byte by byte.

    tests/image/reproduce.py --program target/image/vestibule --target target [--everything]

Our own crates are compiled again, with the other crates that are there already; `--everything` begins with nothing, in another target directory too: that
is what `tests/run --long` does. Either takes as long as a release build.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--program", required=True)
    arguments.add_argument("--target", required=True)
    arguments.add_argument("--everything", action="store_true")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="vestibule-reproduce-") as directory:
        source, out = Path(directory) / "another" / "place", Path(directory) / "out"
        copied(source)
        target = Path(directory) / "target" if given.everything else Path(given.target).resolve()
        environment = os.environ | {"CARGO_TARGET_DIR": str(target), "VESTIBULE_IMAGE_OUT": str(out), "SOURCE_DATE_EPOCH": epoch()}
        done = subprocess.run([source / "helm/image/build", "program"], env=environment, cwd=directory, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"it was not built again: {done.stderr[-3000:]}")
        if "Compiling vestibule " not in done.stderr:
            sys.exit(f"nothing was compiled again, so this says nothing: {done.stderr[-3000:]}")
        first, second = Path(given.program).read_bytes(), (out / "vestibule").read_bytes()
    if first != second:
        at = next((at for at, (one, other) in enumerate(zip(first, second)) if one != other), min(len(first), len(second)))
        sys.exit(f"{len(first)} and {len(second)} bytes, differing from byte {at}: {first[at - 64 : at + 64]} and {second[at - 64 : at + 64]}")
    print(f"{'everything' if given.everything else 'our own crates'} compiled again in another directory: the same {len(first)} bytes")


def copied(destination):
    """What git knows, and what it would: not what was built here. New files, so that nothing looks as if it were compiled already."""
    listed = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"], check=True, capture_output=True)
    for name in listed.stdout.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (destination / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, destination / name)
            shutil.copymode(ROOT / name, destination / name)


def epoch():
    """The other place has no history to ask."""
    return subprocess.run(["git", "-C", str(ROOT), "log", "-1", "--format=%ct"], check=True, capture_output=True, text=True).stdout.strip()


if __name__ == "__main__":
    main()
