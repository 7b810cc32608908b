#!/usr/bin/env python3
"""Relying parties that nobody here wrote, against the real server over TLS.

    tests/relying-parties/run [--binary PATH] [--python PATH] [WORD...]     only parties whose names contain one of the words

Needs the server (`--binary` or `VESTIBULE_BIN`), Node.js with `npm ci` done here, a Python with requirements.txt (`--python`, default
target/venv), Apache with mod_auth_openidc, and openssl. With `VESTIBULE_TEST_POSTGRES_URL` the Node.js party runs on PostgreSQL too. The
exit code says all.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "processes"), str(HERE.parent / "lib")]

import apache  # noqa: E402
import verdicts  # noqa: E402
from parties import Hall  # noqa: E402
from postgres import create_database  # noqa: E402
from service import ROOT, binary, check  # noqa: E402


def external(hall, *command):
    bare = {name: value for name, value in os.environ.items() if not name.startswith("VESTIBULE_")}
    trust = {"NODE_EXTRA_CA_CERTS": str(hall.ca), "REQUESTS_CA_BUNDLE": str(hall.ca)}
    environment = {**bare, **trust, "RELYING_PARTY": json.dumps(hall.facts()), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=HERE, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300)
    check(done.returncode == 0, "exit code", done.returncode, "\n" + done.stdout, "\n" + hall.process.output())
    return done.stdout


def node(hall):
    output = external(hall, "node", "--test-reporter=tap", "openid_client.mjs")
    count = next((line for line in output.splitlines() if line.startswith("# pass")), "")
    check(count and count != "# pass 0", "no test ran:", output)
    print(f"          openid-client: {count.removeprefix('# pass ')} tests")


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--binary")
    arguments.add_argument("--python", default=str(ROOT / "target/venv/bin/python"))
    arguments.add_argument("words", nargs="*")
    given = arguments.parse_args()
    if given.binary:
        os.environ["VESTIBULE_BIN"] = str(Path(given.binary).resolve())
    verdicts.end_tidily()
    binary()
    postgres = os.environ.get("VESTIBULE_TEST_POSTGRES_URL")

    def authlib(hall):
        print(external(hall, str(Path(given.python).absolute()), "authlib_party.py"), end="")

    parties = {"openid-client": node, "Authlib": authlib, "Apache mod_auth_openidc": apache.party}
    parties = {name: party for name, party in parties.items() if wanted(given.words, name)}
    ran, failed = 0, []
    for name, database, chosen in places(parties, postgres):
        with Hall(database) as hall:
            for party, run in chosen.items():
                ran += 1
                title = f"{party} on {name}"
                if not verdicts.passed(title, lambda run=run, hall=hall: run(hall)):
                    failed.append(title)
    return verdicts.summary(ran, failed)


def places(parties, postgres):
    """The databases, and who runs on each."""
    if parties:
        yield "SQLite", None, parties
    if postgres and "openid-client" in parties:
        yield "PostgreSQL", create_database(postgres), {"openid-client": parties["openid-client"]}


def wanted(words, name):
    return not words or any(word.lower() in name.lower() for word in words)


if __name__ == "__main__":
    sys.exit(main())
