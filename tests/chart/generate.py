#!/usr/bin/env python3
"""Makes helm/vestibule/values.schema.json and README.md again, after values.yaml or the service's settings changed.

    python3 tests/chart/generate.py [--binary PATH]

Needs PyYAML. The test run fails while the files are not what this makes.
"""

import argparse
import json
import subprocess

import schema
import values
from places import CHART, ROOT


def files(binary):
    """The generated files, by path."""
    reference = subprocess.run([binary, "config", "reference", "--json"], check=True, capture_output=True, text=True).stdout
    made = schema.schema(json.loads(reference))
    return {
        CHART / "values.schema.json": json.dumps(made, indent=2, ensure_ascii=False) + "\n",
        CHART / "README.md": (CHART / "README.md.in").read_text().replace("@VALUES@\n", table()),
    }


def table():
    """All values, in the order and under the headings of values.yaml."""
    lines = ["| value | what it is | default |", "|---|---|---|"]
    for value in values.leaves(values.read()):
        default = json.dumps(value.default, ensure_ascii=False).replace("|", "\\|")
        lines.append(f"| `{value.name}` | {value.comment.replace('|', chr(92) + '|')} | `{default}` |")
    return "\n".join(lines) + "\n"


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--binary", default=str(ROOT / "target/debug/vestibule"))
    for path, text in files(arguments.parse_args().binary).items():
        path.write_text(text)
        print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
