"""Backups: made while the service writes, brought back whole or not at all."""

import os
import random
import stat
import subprocess
import threading
import time

from client import DECLARED, Application, Browser, Http
from postgres import Cluster
from service import Failed, Home, binary, check, command, until

LONG = os.environ.get("VESTIBULE_TEST_LONG") == "1"
ROUNDS = 30 if LONG else 6


class Writers:
    """Signs in and refreshes as long as it lasts; every answer must be good."""

    def __init__(self, home, threads=3):
        self.home, self.stopped, self.done, self.wrong = home, threading.Event(), 0, []
        self.threads = [threading.Thread(target=self.run, daemon=True) for _ in range(threads)]

    def run(self):
        app = Application(self.home.issuer, Http(self.home.port))
        while not self.stopped.is_set():
            try:
                tokens = app.redeem(*app.code(Browser()))
                again = app.refresh(tokens.json().get("refresh_token", ""))
                if (tokens.status, again.status) != (200, 200):
                    self.wrong.append((tokens, again))
                self.done += 1
            except Exception as error:  # whatever it was, it must not be
                self.wrong.append(repr(error))
                return

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        for thread in self.threads:
            thread.join(60)


def refused(home, *arguments, stdin=None):
    """A command that has to fail; what it said."""
    done = subprocess.run(
        [binary(), *arguments], env=home.environment(home.port), cwd=home.path, input=stdin, capture_output=True, timeout=120
    )
    check(done.returncode != 0, "vestibule", *arguments, "should have been refused:", done.stdout, done.stderr)
    return done.stderr.decode(errors="replace")


def signs_in(home):
    app = Application(home.issuer, Http(home.port))
    tokens = app.redeem(*app.code(Browser()))
    check(tokens.status == 200, "signing in:", tokens)
    return tokens.json()


def used_before(home, tokens, browser):
    """What a person and an application held before a restore is worth nothing after it."""
    app = Application(home.issuer, Http(home.port))
    answer = app.refresh(tokens["refresh_token"])
    check(answer.status == 400, "a refresh token from before the restore:", answer)
    page = browser.open(f"{home.issuer}/account")
    check("current-password" in page.text(), "a session from before the restore is still there:", page)


def a_backup_made_under_writes_comes_back(_databases):
    with Home() as home:
        home.apply(DECLARED)
        process = home.start()
        browser = Browser()
        app = Application(home.issuer, Http(home.port))
        tokens = app.redeem(*app.code(browser)).json()
        file = home.path / "vestibule.backup"
        with Writers(home) as writers:
            until("the load runs", lambda: writers.done >= 5, 60)
            command(home, "backup", str(file))
            for _ in range(3):
                command(home, "backup", str(file), "--force")
            after = writers.done
            until("the load goes on", lambda: writers.done > after + 3, 60)
        check(not writers.wrong, "while the backup was made:", writers.wrong[:3])
        check(stat.S_IMODE(file.stat().st_mode) == 0o600, "others can read the backup")
        check(b"alice@example.com" not in file.read_bytes() and b"SQLite format" not in file.read_bytes(), "the backup is not sealed")
        check("in use" in refused(home, "restore", str(file), "--force"), "restored under a running service")
        command(home, "client", "remove", "app")
        check(process.terminate() == 0, "exit code")
        check("--force" in refused(home, "restore", str(file)), "restored over a database without being told to")
        command(home, "restore", str(file), "--force")
        process = home.start()
        used_before(home, tokens, browser)
        signs_in(home)
        command(home, "audit", "verify")
        check(process.terminate() == 0, "exit code")


def a_backup_goes_through_a_pipe(_databases):
    with Home() as home:
        home.apply(DECLARED)
        process = home.start()
        done = subprocess.run([binary(), "backup", "-"], env=home.environment(home.port), cwd=home.path, capture_output=True, timeout=120)
        check(done.returncode == 0, done.stderr)
        check(process.terminate() == 0, "exit code")
        for spoiled in (done.stdout[:-1], done.stdout + b"x", done.stdout[: len(done.stdout) // 2], b""):
            refused(home, "restore", "-", "--force", stdin=spoiled)
        subprocess.run(
            [binary(), "restore", "-", "--force"], env=home.environment(home.port), cwd=home.path, input=done.stdout, check=True,
            capture_output=True, timeout=120,
        )
        home.start()
        signs_in(home)


def timed(home, *arguments):
    began = time.monotonic()
    command(home, *arguments)
    return time.monotonic() - began


def cut(home, after, *arguments):
    """Starts a command and kills it `after` so many seconds, if it has not ended."""
    child = subprocess.Popen(
        [binary(), *arguments], env=home.environment(home.port), cwd=home.path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        child.wait(after)
    except subprocess.TimeoutExpired:
        child.kill()
    return child.wait(30)


def a_backup_killed_anywhere_leaves_no_half_one_and_no_harm(_databases):
    with Home() as home:
        home.apply(DECLARED)
        home.start()
        whole = timed(home, "backup", "first")
        for number in range(ROUNDS):
            name = f"cut-{number}"
            cut(home, whole * (number + random.random()) / ROUNDS, "backup", name)
            file = home.path / name
            if file.exists():
                check(file.stat().st_size >= (home.path / "first").stat().st_size // 2, "half a backup has a whole one's name")
        command(home, "backup", "last")
        signs_in(home)
        left = [path.name for path in home.path.iterdir() if path.suffix == ".backup"]
        check(not left, "left behind by a whole backup:", left)


def a_restore_killed_anywhere_leaves_a_whole_database(_databases):
    with Home() as home:
        home.apply(DECLARED)
        home.start().terminate()
        command(home, "backup", "backup")
        whole = timed(home, "restore", "backup", "--force")
        for number in range(ROUNDS):
            cut(home, whole * (number + random.random()) / ROUNDS, "restore", "backup", "--force")
            process = home.start()
            try:
                signs_in(home)
            except Failed as failed:
                raise Failed(f"{failed} (restore killed in round {number} of {ROUNDS})") from None
            process.terminate()
        command(home, "restore", "backup", "--force")
        left = [path.name for path in home.path.iterdir() if path.name.endswith(".restoring")]
        check(not left, "left behind by a whole restore:", left)


def postgres(cluster, program, *arguments, check_it=True):
    done = subprocess.run([str(cluster.bin / program), *arguments], capture_output=True, text=True, timeout=120)
    if check_it:
        check(done.returncode == 0, program, "failed:", done.stderr)
    return done


def a_dump_of_postgresql_made_under_writes_comes_back(_databases):
    with Cluster() as cluster, Home(cluster.database()) as home:
        home.apply(DECLARED)
        process = home.start()
        said = refused(home, "backup", "file")
        check("pg_dump --format=custom" in said, "what to use instead is not said:", said)
        browser = Browser()
        app = Application(home.issuer, Http(home.port))
        tokens = app.redeem(*app.code(browser)).json()
        dump = str(home.path / "dump")
        with Writers(home) as writers:
            until("the load runs", lambda: writers.done >= 3, 60)
            postgres(cluster, "pg_dump", "--format=custom", "--no-owner", f"--file={dump}", home.database)
        check(not writers.wrong, "while the dump was made:", writers.wrong[:3])
        command(home, "client", "remove", "app")
        check(process.terminate() == 0, "exit code")

        def into(url):
            return ["pg_restore", "--no-owner", "--single-transaction", "--exit-on-error", f"--dbname={url}", dump]

        whole = time.monotonic()
        postgres(cluster, *into(cluster.database()))
        whole = time.monotonic() - whole
        home.database = home.settings["VESTIBULE_DATABASE__URL"] = cluster.database()
        bring = into(home.database)
        for number in range(3):
            child = subprocess.Popen([str(cluster.bin / bring[0]), *bring[1:]], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                child.wait(whole * (number + random.random()) / 3)
            except subprocess.TimeoutExpired:
                child.kill()
            if child.wait(30) == 0:
                home.database = home.settings["VESTIBULE_DATABASE__URL"] = cluster.database()
                bring = into(home.database)
        until("the killed restores are gone", lambda: idle(cluster, home.database), 30)
        postgres(cluster, *bring)
        check("restore --finish" in refused(home, "restore", dump), "the second step is not said")
        command(home, "restore", "--finish")
        home.start()
        used_before(home, tokens, browser)
        signs_in(home)


def idle(cluster, url):
    query = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pg_restore'"
    return postgres(cluster, "psql", "-qAtXd", url, "-c", query).stdout.strip() == "0"


TESTS = [
    a_backup_made_under_writes_comes_back,
    a_backup_goes_through_a_pipe,
    a_backup_killed_anywhere_leaves_no_half_one_and_no_harm,
    a_restore_killed_anywhere_leaves_a_whole_database,
    a_dump_of_postgresql_made_under_writes_comes_back,
]
