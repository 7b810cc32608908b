"""Backups: made while the service writes, brought back whole or not at all."""

import fcntl
import os
import random
import resource
import signal
import sqlite3
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
    browser.close()
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


def tampered(home, statement):
    """The database, which nobody has open, by somebody who knows SQLite."""
    with sqlite3.connect(home.path / "vestibule.db") as database:
        database.execute(statement)
    database.close()


def content(path):
    """What is in a database, whatever its file looks like."""
    with sqlite3.connect(path) as database:
        text = "\n".join(database.iterdump())
    database.close()
    return text


def what_is_no_whole_backup_of_this_database_replaces_nothing(_databases):
    with Home() as home, Home() as stranger:
        for one in (home, stranger):
            one.apply(DECLARED)
            one.start().terminate()
        database = home.path / "vestibule.db"
        command(home, "backup", "good")
        good = (home.path / "good").read_bytes()
        command(stranger, "backup", str(home.path / "of-another-key"))
        (home.path / "cut").write_bytes(good[:-1])
        (home.path / "half").write_bytes(good[: len(good) // 2])
        (home.path / "changed").write_bytes(good[:-5000] + bytes([good[-5000] ^ 1]) + good[-4999:])
        (home.path / "plain").write_bytes(database.read_bytes())
        (home.path / "of-a-later-format").write_bytes(good.replace(b'"format":1', b'"format":2'))
        tampered(home, "INSERT INTO seaql_migrations VALUES ('m20991231_000001_fly', 0)")
        tampered(home, "UPDATE settings SET value = 'm20991231_000001_fly' WHERE name = 'schema-serves-from'")
        command(home, "backup", "newer")
        before = content(database)
        for name, said in [
            ("of-another-key", "not in keys.directory"),
            ("cut", "damaged"),
            ("half", "damaged"),
            ("changed", "damaged"),
            ("plain", "not a backup of Vestibule"),
            ("of-a-later-format", "format that this program does not know"),
            ("newer", "newer version of Vestibule"),
            ("nowhere", "No such file"),
            ("keys", "directory"),
        ]:
            answer = refused(home, "restore", name, "--force")
            check(said in answer, f"restoring {name}:", answer)
            check(content(database) == before, f"restoring {name} changed the database")
        command(home, "restore", "good", "--force")
        home.start()
        signs_in(home)
        stays = [path.name for path in home.path.iterdir() if path.name.endswith((".restoring", ".db.backup", ".part"))]
        check(not stays, "left behind:", stays)


def short_of_room(kilobytes):
    """No file can grow beyond this; writes fail as they do on a full disk, and do not end the program."""

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (kilobytes << 10, kilobytes << 10))

    return {"preexec_fn": limit, "restore_signals": False}


def without_room_there_is_no_backup_no_restore_and_no_harm(_databases):
    with Home() as home:
        home.apply(DECLARED)
        process = home.start()
        command(home, "backup", "good")
        size = (home.path / "vestibule.db").stat().st_size >> 10

        def fails(kilobytes, *arguments):
            done = subprocess.run(
                [binary(), *arguments], env=home.environment(home.port), cwd=home.path, capture_output=True, text=True, timeout=120,
                **short_of_room(kilobytes),
            )
            check(done.returncode != 0 and done.stderr.strip(), "without room:", arguments, done.returncode, done.stdout, done.stderr)
            check("panicked" not in done.stderr, arguments, done.stderr)

        for kilobytes in (0, 64, size // 2, size - 8):
            fails(kilobytes, "backup", "short")
            there = sorted(path.name for path in home.path.iterdir() if "short" in path.name or path.name.endswith(".db.backup"))
            check(not there, f"left behind with {kilobytes} KiB:", there)
        signs_in(home)
        check(process.terminate() == 0, "exit code")
        before = content(home.path / "vestibule.db")
        for kilobytes in (0, 64, size // 2, size - 8):
            fails(kilobytes, "restore", "good", "--force")
            check(content(home.path / "vestibule.db") == before, f"with {kilobytes} KiB the database is another")
        home.start()
        signs_in(home)


def one_backup_at_a_time_and_nothing_of_somebody_elses_is_overwritten(_databases):
    with Home() as home:
        home.apply(DECLARED)
        home.start().terminate()
        command(home, "backup", "first")
        check("--force" in refused(home, "backup", "first"), "an existing backup was replaced")
        check("not a file" in refused(home, "backup", "/dev/null", "--force"), "a device was replaced")
        key = (home.path / "keys/001.kek").read_bytes()
        refused(home, "keys", "generate-kek", "keys/001.kek")
        check((home.path / "keys/001.kek").read_bytes() == key, "a key was overwritten")
        beside, other = home.path / "vestibule.db.backup", home.path / "somebody-elses"
        with beside.open("w") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            check("another backup" in refused(home, "backup", "second"), "two at once")
        beside.unlink()
        other.write_text("precious")
        beside.symlink_to(other)
        refused(home, "backup", "second")
        check(other.read_text() == "precious", "what a link leads to was overwritten")


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
    what_is_no_whole_backup_of_this_database_replaces_nothing,
    without_room_there_is_no_backup_no_restore_and_no_harm,
    one_backup_at_a_time_and_nothing_of_somebody_elses_is_overwritten,
    a_backup_killed_anywhere_leaves_no_half_one_and_no_harm,
    a_restore_killed_anywhere_leaves_a_whole_database,
    a_dump_of_postgresql_made_under_writes_comes_back,
]
