#!/usr/bin/env python3
"""Tests of the container image that helm/image/build has made.

    tests/image/run.py --program target/image/vestibule --layout target/image/oci:VERSION [WORD...]     only tests whose names contain one of the words

Needs root, and skopeo, buildah, umoci, runc and readelf. Where runc can make no container at all, the image is not run, and the last line says so; the
exit code is then 3.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parent.parent / "lib")]

import image  # noqa: E402
import running  # noqa: E402
import verdicts  # noqa: E402
from container import Bundle  # noqa: E402


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--program", required=True)
    arguments.add_argument("--layout", required=True)
    arguments.add_argument("words", nargs="*")
    given = arguments.parse_args()
    verdicts.end_tidily()
    given.environment = dict(os.environ)
    with tempfile.TemporaryDirectory(prefix="vestibule-image-") as directory:
        given.directory = Path(directory)
        # A user of the container looks at what is below it.
        given.directory.chmod(0o755)
        given.data = given.directory / "data"
        given.data.mkdir()
        given.data.chmod(0o777)
        given.bundle = Bundle(given.layout, directory)
        refusal = containers_cannot_be_made(given)
        tests = verdicts.wanted(image.TESTS + ([] if refusal else running.TESTS), given.words)
        result = verdicts.summary(len(tests), verdicts.run(tests, given))
    if refusal:
        print(f"runc cannot make a container on this machine, the image was NOT run: {refusal}")
    return result or (3 if refusal else 0)


def containers_cannot_be_made(given):
    """Why not even `--version` can be asked; a program that starts and then fails is another matter."""
    code, text = given.bundle.run("--version")
    return text.strip() or f"exit code {code}" if code and "vestibule " not in text and "runc" in text else None


if __name__ == "__main__":
    sys.exit(main())
