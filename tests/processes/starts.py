"""First starts that were cut short: whatever they left behind, the next one works."""

import os
import random
import subprocess
import time

from client import DECLARED, Application, Browser, Http
from service import Failed, Home, binary, check, until

LONG = os.environ.get("VESTIBULE_TEST_LONG") == "1"
ROUNDS = 40 if LONG else 8


def serves(home):
    """It starts, and a person can sign in."""
    process = home.start()
    home.apply(DECLARED)
    app = Application(home.issuer, Http(home.port))
    tokens = app.redeem(*app.code(Browser()))
    check(tokens.status == 200, "signing in after the first start was cut short:", tokens)
    check(process.terminate() == 0, "exit code")


def cut_short(database):
    with Home(database()) as home:
        began = time.monotonic()
        home.start()
        whole = time.monotonic() - began
    for number in range(ROUNDS):
        # Spread over the start, with some chance in each part of it.
        after = whole * (number + random.random()) / ROUNDS
        with Home(database()) as home:
            process = home.start(wait=False)
            began = time.monotonic()
            until("the moment has come", lambda: time.monotonic() - began >= after)
            process.kill()
            try:
                serves(home)
            except Failed as failed:
                raise Failed(f"{failed} (killed after {after * 1000:.0f} of {whole * 1000:.0f} ms)") from None


def a_first_start_cut_by_kill_9_does_not_spoil_the_next_on_sqlite(_databases):
    cut_short(lambda: None)


def a_first_start_cut_by_kill_9_does_not_spoil_the_next_on_postgresql(databases):
    cut_short(databases.new)


def a_half_made_key_file_of_the_same_process_id_is_no_obstacle(_databases):
    """In a container the process id is the same at every start, so a file named by it may be there already."""
    with Home() as home:
        keys = home.path / "keys"
        keys.mkdir(mode=0o700)
        # The shell's process id is the one the server will have.
        script = 'umask 077; printf half > "$1/001.$$.new"; exec "$2" keys rotate'
        done = subprocess.run(
            ["sh", "-c", script, "sh", str(keys), binary()],
            env=home.environment(home.port), cwd=home.path, capture_output=True, text=True, timeout=60,
        )
        check(done.returncode == 0, "with a half-made 001.<process id>.new in the key directory:", done.stdout, done.stderr)
        serves(home)


TESTS = [
    a_first_start_cut_by_kill_9_does_not_spoil_the_next_on_sqlite,
    a_first_start_cut_by_kill_9_does_not_spoil_the_next_on_postgresql,
    a_half_made_key_file_of_the_same_process_id_is_no_obstacle,
]
