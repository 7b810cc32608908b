"""The disk is full, or may not be written: what was acknowledged stays, what cannot be written is refused, and room is all that is needed (RL-4)."""

import http.client
import sqlite3
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

from client import DECLARED, Application, Browser, Http
from outage import unavailable, works
from service import Home, check, until

# Enough for a database, its log and a little work.
SIZE = "24m"


@contextmanager
def small_disk():
    """A file system of its own, where this machine lets one be mounted; None otherwise."""
    with tempfile.TemporaryDirectory(prefix="vestibule-disk-") as directory:
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", directory], capture_output=True, text=True)
        if mounted.returncode != 0:
            print(f"          SKIPPED: no file system can be mounted here ({mounted.stderr.strip()}): that needs root in a machine of its own")
            yield None
            return
        try:
            yield Path(directory)
        finally:
            subprocess.run(["umount", "--lazy", directory], check=True)


def fill(directory):
    """Takes every byte that is left."""
    ballast = directory / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while file.write(b"\0" * size):
                    pass
            except OSError:
                pass
    return ballast


def whole(database):
    with sqlite3.connect(database) as connection:
        found = connection.execute("PRAGMA integrity_check").fetchone()[0]
        check(found == "ok", "the database after a full disk:", found)


def a_full_disk_is_answered_honestly_and_loses_nothing(_databases):
    """503 for what has to be written, pages and keys for what has not; afterwards everything acknowledged is there."""
    with small_disk() as disk:
        if disk is None:
            return
        database = disk / "vestibule.db"
        with Home(f"sqlite://{database}") as home:
            home.apply(DECLARED)
            process = home.start()
            browser, app = Browser(), Application(home.issuer, Http(home.port))
            tokens = app.redeem(*app.code(browser)).json()
            unredeemed = app.code(browser)
            login = Browser()
            page = login.open(f"{home.issuer}/login")
            for round in range(3):
                ballast = fill(disk)
                # The log may have room of its own: what is acknowledged until it is used up counts.
                for _ in range(20_000):
                    answer = app.refresh(tokens["refresh_token"])
                    if answer.status != 200:
                        break
                    tokens = answer.json()
                unavailable("a refresh on a full disk", answer)
                for what, call in {
                    "a code": lambda: app.redeem(*unredeemed),
                    "a revocation": lambda: app.http.post("/revoke", {"token": tokens["refresh_token"]}, app.authorization),
                    "a sign-in": lambda: login.sign_in(page),
                }.items():
                    unavailable(f"{what} on a full disk", call())
                for path in ("/jwks", "/.well-known/openid-configuration", "/health/live", "/login"):
                    check(Http(home.port).get(path).status == 200, path, "needs no room on a disk")
                check(app.active(tokens["access_token"]), "what is only read goes on")
                check(process.child.poll() is None, "the process died with its disk", process.output())
                ballast.unlink()
                tokens = until("refreshing works again", lambda: works(app.refresh(tokens["refresh_token"]))).json()
                check(app.active(tokens["access_token"]), "the newest token in round", round)
            check(app.redeem(*unredeemed).status == 200, "the code from before the disk was full")
            again = login.sign_in(login.open(f"{home.issuer}/login"))
            check(again.status == 200 and "current-password" not in again.text(), "signing in afterwards:", again)
            check(process.terminate() == 0, "exit code", process.output())
            whole(database)
            home.start()
            check(app.at(Http(home.port)).active(tokens["access_token"]), "after a restart")


def a_start_on_a_full_disk_leaves_nothing_half_made(_databases):
    """Neither an empty key file nor half a database: with room the same start works."""
    with small_disk() as disk:
        if disk is None:
            return
        home_settings = {"VESTIBULE_KEYS__DIRECTORY": str(disk / "keys")}
        with Home(f"sqlite://{disk}/vestibule.db", home_settings) as home:
            ballast = fill(disk)
            process = home.start(wait=False)
            code = process.child.wait(60)
            check(code != 0, "a start without room for keys and database ended well")
            check("panicked" not in process.output(), process.output())
            empty = [file.name for file in disk.rglob("*.kek") if file.stat().st_size == 0]
            check(not empty, "empty key files:", empty)
            ballast.unlink()
            home.start()
            home.apply(DECLARED)
            app = Application(home.issuer, Http(home.port))
            check(app.redeem(*app.code(Browser())).status == 200, "signing in after the start without room")


def a_database_that_may_not_be_written_is_named_at_the_start(_databases):
    """Read-only: the start ends with a message, changes nothing, and works when it may write again."""
    with small_disk() as disk:
        if disk is None:
            return
        with Home(f"sqlite://{disk}/vestibule.db") as home:
            home.apply(DECLARED)
            subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
            process = home.start(wait=False)
            try:
                code = process.child.wait(60)
            except subprocess.TimeoutExpired:
                code = None
                answer = None
                try:
                    answer = Http(home.port).get("/health/ready")
                except (OSError, http.client.HTTPException):
                    pass
                check(answer is not None and answer.status == 503, "ready with a database that may not be written:", answer)
                process.kill()
            check(code != 0, "ended well with a database that may not be written")
            check("panicked" not in process.output() and "database" in process.output(), process.output())
            subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
            home.start()
            app = Application(home.issuer, Http(home.port))
            check(app.redeem(*app.code(Browser())).status == 200, "signing in when it may be written again")


TESTS = [
    a_full_disk_is_answered_honestly_and_loses_nothing,
    a_start_on_a_full_disk_leaves_nothing_half_made,
    a_database_that_may_not_be_written_is_named_at_the_start,
]
