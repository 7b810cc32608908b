"""kill -9 in the middle of a stream of code exchanges and refreshes: what was acknowledged stands, what was used is used."""

import http.client
import os
import random
import threading

from client import DECLARED, Application, Browser, Http, error_of
from service import Failed, Home, check, until

LONG = os.environ.get("VESTIBULE_TEST_LONG") == "1"
ROUNDS = 50 if LONG else 3
CLIENTS = 6

# Both generous, so that only the crash decides what is still good.
SETTINGS = {"VESTIBULE_TOKENS__REFRESH_TOKEN_GRACE": "60s", "VESTIBULE_TOKENS__AUTHORIZATION_CODE_TTL": "10m"}


class Delegation:
    """What a client knows of one grant: what it sent, and what it was answered."""

    def __init__(self, code, verifier):
        self.code, self.verifier = code, verifier
        self.code_sent = False
        # Acknowledged, oldest first. Empty: the code's answer never came.
        self.refresh_tokens = []
        self.access_token = None
        # The last refresh was sent and not answered.
        self.cut = False

    def keep(self, answer):
        check(answer.status == 200, "the token endpoint under load:", answer)
        self.refresh_tokens.append(answer.json()["refresh_token"])
        self.access_token = answer.json()["access_token"]


class Stream(threading.Thread):
    """One client: redeems a code, refreshes a few times, and again, until the server is gone."""

    def __init__(self, app, browser, seed):
        super().__init__(daemon=True)
        self.app, self.browser, self.random = app, browser, random.Random(seed)
        self.delegations, self.acknowledged, self.problem = [], 0, None

    def run(self):
        try:
            while True:
                self.one()
        except (OSError, http.client.HTTPException):
            return  # the crash
        except Exception as problem:
            self.problem = problem

    def one(self):
        delegation = Delegation(*self.app.code(self.browser, prompt="none"))
        self.delegations.append(delegation)
        delegation.code_sent = True
        delegation.keep(self.app.redeem(delegation.code, delegation.verifier))
        self.acknowledged += 1
        for _ in range(self.random.randrange(6)):
            delegation.cut = True
            answer = self.app.refresh(delegation.refresh_tokens[-1])
            delegation.cut = False
            delegation.keep(answer)
            self.acknowledged += 1


def crash(home, process, app, browsers, seed):
    """One round's load and its end; the delegations it left."""
    streams = [Stream(app, browser, f"{seed}-{at}") for at, browser in enumerate(browsers)]
    for stream in streams:
        stream.start()
    enough = random.Random(seed).randrange(60, 160)
    until("the load runs", lambda: sum(stream.acknowledged for stream in streams) >= enough or any(s.problem for s in streams), 60)
    process.kill()
    for stream in streams:
        stream.join(60)
        check(not stream.is_alive(), "a client hangs after the crash")
        if stream.problem:
            raise Failed(f"before the crash: {stream.problem}\n{process.output()}")
    return [delegation for stream in streams for delegation in stream.delegations]


def refused(answer, what):
    check(answer.status == 400 and error_of(answer) == "invalid_grant", what, answer)


def hold(app, delegation):
    """Everything that must be true of one delegation after the restart."""
    if not delegation.refresh_tokens:
        # Sent without an answer, or never sent: it may have been redeemed or not, but it is not redeemed twice.
        first = app.redeem(delegation.code, delegation.verifier)
        if first.status != 200:
            check(delegation.code_sent, "a code that was never sent is refused:", first)
            refused(first, "an unanswered code:")
        refused(app.redeem(delegation.code, delegation.verifier), "an unanswered code, the second time:")
        return
    check(app.active(delegation.access_token), "an acknowledged grant is gone")
    newest = delegation.refresh_tokens[-1]
    what = "the refresh token before a cut answer:" if delegation.cut else "the newest acknowledged refresh token:"
    answer = app.refresh(newest)
    check(answer.status == 200, what, answer)
    again = app.refresh(answer.json()["refresh_token"])
    check(again.status == 200, "its successor:", again)
    if len(delegation.refresh_tokens) % 2:
        refused(app.redeem(delegation.code, delegation.verifier), "an acknowledged code once more:")
        check(not app.active(again.json()["access_token"]), "the replayed code did not revoke its grant")
    else:
        # Two and more generations behind by now: the rotations themselves were not lost.
        refused(app.refresh(delegation.refresh_tokens[0]), "an old refresh token:")
        check(not app.active(again.json()["access_token"]), "the reused refresh token did not revoke its grant")
        refused(app.redeem(delegation.code, delegation.verifier), "an acknowledged code once more:")


def crashes(database):
    with Home(database, SETTINGS) as home:
        home.apply(DECLARED)
        process = home.start()
        app = Application(home.issuer, Http(home.port))
        browsers = [Browser() for _ in range(CLIENTS)]
        for browser in browsers:
            app.code(browser)
        seen = cut = 0
        for number in range(ROUNDS):
            seed = f"{number}-{random.randrange(1 << 30)}"
            delegations = crash(home, process, app, browsers, seed)
            process = home.start()
            app.http.close()
            try:
                for browser in browsers:
                    browser.close()
                    app.code(browser, prompt="none")
                for delegation in delegations:
                    hold(app, delegation)
            except Failed as failed:
                raise Failed(f"{failed} (round {number + 1}, seed {seed})\n{process.output()}") from None
            seen += len(delegations)
            cut += sum(delegation.cut or (delegation.code_sent and not delegation.refresh_tokens) for delegation in delegations)
        print(f"          {ROUNDS} crashes, {seen} grants, {cut} of them with an answer cut off")
        check(process.terminate() == 0, "the survivor does not stop cleanly")


def after_kill_9_every_acknowledged_grant_stands_on_sqlite(_databases):
    crashes(None)


def after_kill_9_every_acknowledged_grant_stands_on_postgresql(databases):
    crashes(databases.new())


TESTS = [after_kill_9_every_acknowledged_grant_stands_on_sqlite, after_kill_9_every_acknowledged_grant_stands_on_postgresql]
