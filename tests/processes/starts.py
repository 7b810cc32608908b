"""First starts that were cut short: whatever they left behind, the next one works."""

import json
import os
import random
import subprocess
import time

from client import DECLARED, Application, Browser, Http
from service import Failed, Home, binary, check, command, free_port, until

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


def health(port, path):
    """The status, and what is said; `(0, "")` when nothing answers."""
    try:
        answer = Http(port, timeout=5).get(f"/health/{path}")
        return answer.status, answer.json().get("status", "")
    except OSError:
        return 0, ""


def sql(url, text):
    done = subprocess.run(["psql", "-qAtXd", url, "-v", "ON_ERROR_STOP=1", "-c", text], capture_output=True, text=True, timeout=60)
    check(done.returncode == 0, "psql:", done.stderr)
    return done.stdout.strip()


class Holding:
    """A session of somebody else's, which keeps what it has taken until it is let go."""

    def __init__(self, url, text):
        self.child = subprocess.Popen(["psql", "-qAtXd", url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.child.stdin.write(f"{text};\nSELECT 'held';\n")
        self.child.stdin.flush()
        while True:
            line = self.child.stdout.readline()
            check(line, "psql ended")
            if line.strip() == "held":
                return

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.let_go()

    def let_go(self):
        self.child.stdin.close()
        self.child.wait(30)


# "vestibul" in ASCII, as src/store/migrate.rs has it.
ADVISORY_LOCK = 0x766573746962756C


def five_started_at_once_on_an_empty_database_all_become_ready(databases):
    for database in (databases.new(), None):
        with Home(database) as home:
            ports = [home.port] + [free_port() for _ in range(4)]
            processes = [home.start(port=port, wait=False, VESTIBULE_LOG__FILTER="info") for port in ports]
            for process in processes:
                process.wait_until_ready()
            migrated = sum("database schema brought up to date" in process.output() for process in processes)
            check(migrated == 1, "how many migrated:", migrated)
            home.apply(DECLARED)
            for port in ports:
                app = Application(home.issuer, Http(port))
                check(app.token(grant_type="client_credentials").status == 200, "a token from the replica on", port)


def liveness_answers_before_the_migrations_and_readiness_says_why_not(databases):
    with Home(databases.new()) as home:
        internal = free_port()
        holding = Holding(home.database, f"SELECT pg_advisory_lock({ADVISORY_LOCK})")
        process = home.start(wait=False, VESTIBULE_SERVER__INTERNAL_LISTEN=f"127.0.0.1:{internal}")
        until("liveness answers", lambda: health(internal, "live")[0] == 200)
        until("readiness says why not", lambda: health(internal, "ready") == (503, "bringing the database schema up to date"))
        check(health(home.port, "live")[0] == 0, "it is open to people already")
        holding.let_go()
        process.wait_until_ready()
        check(health(internal, "ready") == (200, "ready"), "the internal listener:", health(internal, "ready"))


def kill_9_in_the_middle_of_a_migration_on_postgresql_is_taken_back(databases):
    with Home(databases.new()) as home:
        home.apply(DECLARED)
        before = command(home, "migrate", "status")
        applied = json.loads(command(home, "migrate", "status", "--json"))["applied"]
        # This one alters a table: it stands still there, in the middle of a row of migrations.
        (first,) = (place for place, name in enumerate(applied) if name.endswith("_recovery_codes_shown_to"))
        check(first < len(applied) - 1, "it is the last one:", applied)
        command(home, "migrate", "down", "--steps", str(len(applied) - first))
        holding = Holding(home.database, "BEGIN; LOCK TABLE recovery_codes IN ACCESS EXCLUSIVE MODE")
        process = home.start(wait=False)
        waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'recovery_codes'::regclass"
        until("the migration waits for the table", lambda: sql(home.database, waits) == "1")
        process.kill()
        holding.let_go()
        serves(home)
        after = command(home, "migrate", "status")
        check(after == before, "the schema after it was migrated again:", after)


def kill_9_in_the_middle_of_a_migration_on_sqlite_is_taken_back(_databases):
    for number in range(ROUNDS // 2):
        with Home() as home:
            home.apply(DECLARED)
            before = command(home, "migrate", "status")
            command(home, "migrate", "down", "--steps", "12")
            process = home.start(wait=False)
            began = time.monotonic()
            until("the moment has come", lambda: time.monotonic() - began >= 0.8 * (number + random.random()) / ROUNDS)
            process.kill()
            home.start().terminate()
            check(command(home, "migrate", "status") == before, "the schema after it was migrated again")


NEWER = "INSERT INTO seaql_migrations VALUES ('m20991231_000001_fly', 0)"
TAKES_AWAY = "UPDATE settings SET value = 'm20991231_000001_fly' WHERE name = 'schema-serves-from'"


def a_newer_schema_is_served_as_long_as_it_only_adds(databases):
    with Home(databases.new()) as home:
        home.apply(DECLARED)
        internal = free_port()
        running = home.start(VESTIBULE_SERVER__INTERNAL_LISTEN=f"127.0.0.1:{internal}")
        schema = lambda state: f'vestibule_schema{{state="{state}"}} 1' in Http(internal).get("/metrics").text()  # noqa: E731
        sql(home.database, NEWER)
        other = home.start(port=free_port())
        check(other.terminate() == 0, "exit code")
        check(running.ready_status() == 200, "ready on a schema that only adds")
        check(schema("newer"), "the metric on a schema that only adds")
        sql(home.database, TAKES_AWAY)
        until("no longer ready", lambda: running.ready_status() == 503)
        check("newer version" in health(home.port, "ready")[1], "the reason:", health(home.port, "ready"))
        check(health(home.port, "live")[0] == 200, "liveness")
        check(schema("too_new"), "the metric on a schema that lacks something")
        late = home.start(port=free_port(), wait=False)
        check(late.child.wait(60) != 0, "it started on a schema that is not for it")
        check("newer version of Vestibule" in late.output(), "the reason:", late.output())


def a_schema_that_somebody_else_migrates_is_waited_for(databases):
    for database in (databases.new(), None):
        with Home(database, {"VESTIBULE_DATABASE__MIGRATE_ON_START": "false"}) as home:
            internal = free_port()
            process = home.start(wait=False, VESTIBULE_SERVER__INTERNAL_LISTEN=f"127.0.0.1:{internal}")
            until("it waits", lambda: "waiting for `vestibule migrate up`" in health(internal, "ready")[1])
            check(health(internal, "live")[0] == 200, "liveness")
            shown = Http(internal).get("/metrics").text().splitlines()
            check({"vestibule_ready 0", 'vestibule_schema{state="older"} 1', 'vestibule_schema{state="current"} 0'} <= set(shown), "its metrics:", shown)
            check(not any(line.startswith("vestibule_connections ") for line in shown), "it counts as serving:", shown)
            command(home, "migrate", "up")
            process.wait_until_ready()
            check('vestibule_schema{state="current"} 1' in Http(internal).get("/metrics").text().splitlines(), "its metrics afterwards")
            waits = home.start(port=free_port(), wait=False) if database else process
            check(waits.terminate() in (0, -15), "exit code")


TESTS = [
    five_started_at_once_on_an_empty_database_all_become_ready,
    liveness_answers_before_the_migrations_and_readiness_says_why_not,
    kill_9_in_the_middle_of_a_migration_on_postgresql_is_taken_back,
    kill_9_in_the_middle_of_a_migration_on_sqlite_is_taken_back,
    a_newer_schema_is_served_as_long_as_it_only_adds,
    a_schema_that_somebody_else_migrates_is_waited_for,
    a_first_start_cut_by_kill_9_does_not_spoil_the_next_on_sqlite,
    a_first_start_cut_by_kill_9_does_not_spoil_the_next_on_postgresql,
    a_half_made_key_file_of_the_same_process_id_is_no_obstacle,
]
