"""PostgreSQL goes away and comes back while the service is serving."""

import http.client
import os
import threading
import time
from urllib.parse import urlencode

from client import CALLBACK, DECLARED, Application, Browser, Http, together
from postgres import Cluster
from service import IMPATIENT, Failed, Home, check, free_port, until

# It takes about a second; on a machine that does other things too, that is no measure. Never healing is what must be seen.
HEALS_WITHIN = 30.0
# A lost database is told by then: `/health/ready` waits two seconds for it, and longer behind one that asked just before.
TOLD_WITHIN = 5.0


def patience():
    """On an idle machine that; where as much is to be computed as L such machines could, L times as long."""
    return TOLD_WITHIN * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


class Watch(threading.Thread):
    """Calls without a pause, and keeps every answer that is neither the expected one nor an honest 503."""

    def __init__(self, name, call):
        super().__init__(daemon=True)
        self.name, self.call, self.stop = name, call, threading.Event()
        self.good = self.unavailable = 0
        self.wrong = []

    def run(self):
        while not self.stop.is_set():
            try:
                answer = self.call()
            except (OSError, http.client.HTTPException) as error:
                self.wrong.append(repr(error))
                continue
            if answer.status == 200:
                self.good += 1
            elif answer.status == 503 and answer.headers.get("Retry-After"):
                self.unavailable += 1
                time.sleep(0.01)
            else:
                self.wrong.append(repr(answer))


def a_lost_postgresql_is_answered_honestly_and_heals(_databases):
    """503 with Retry-After meanwhile, what needs no database goes on, nothing is lost."""
    with Cluster() as cluster, Home(cluster.database(), {**IMPATIENT, "VESTIBULE_DATABASE__ACQUIRE_TIMEOUT": "1s"}) as home:
        home.apply(DECLARED)
        process = home.start()
        browser = Browser()
        app = Application(home.issuer, Http(home.port))
        kept = app.redeem(*app.code(browser)).json()
        unredeemed = app.code(browser)
        authorize = f"{home.issuer}/authorize?" + urlencode(
            {"response_type": "code", "client_id": "app", "redirect_uri": CALLBACK, "scope": "openid", "code_challenge": "A" * 43,
             "code_challenge_method": "S256"})
        slowest = (0.0, "")
        login = Browser()
        login_page = login.open(f"{home.issuer}/login")

        watches = [
            Watch("introspection", lambda: app.http.post("/introspect", {"token": kept["access_token"]}, app.authorization)),
            Watch("userinfo", lambda: app.http.get("/userinfo", Authorization=f"Bearer {kept['access_token']}")),
            Watch("refresh", refreshing(app, browser)),
        ]
        always = [
            Watch("discovery", lambda: app.http.get("/.well-known/openid-configuration")),
            Watch("jwks", lambda: app.http.get("/jwks")),
            Watch("liveness", lambda: app.http.get("/health/live")),
        ]
        for watch in [*watches, *always]:
            watch.start()
        until("the load runs", lambda: all(watch.good >= 20 for watch in [*watches, *always]))

        cluster.stop()
        gone = time.monotonic()
        until("readiness says no", lambda: process.ready_status() == 503)
        told = time.monotonic() - gone
        check(told < patience(), f"readiness said no after {told:.1f} s, and is to within {patience():.1f} s")
        before = {watch.name: watch.unavailable for watch in watches}
        until("everything that needs the database says so", lambda: all(w.unavailable > before[w.name] + 3 for w in watches))
        for what, call in {
            "/token, a refresh": lambda: app.refresh(kept["refresh_token"]),
            "/token, a code": lambda: app.redeem(*unredeemed),
            "/introspect": lambda: app.http.post("/introspect", {"token": kept["access_token"]}, app.authorization),
            "/revoke": lambda: app.http.post("/revoke", {"token": kept["refresh_token"]}, app.authorization),
            "/authorize": lambda: browser.open(authorize),
            "/account": lambda: browser.open(f"{home.issuer}/account"),
            "/login": lambda: login.sign_in(login_page),
        }.items():
            for kept_open in (app.http, browser, login):
                kept_open.close()
            asked = time.monotonic()
            unavailable(what, call())
            slowest = max(slowest, (time.monotonic() - asked, what))
        during = {watch.name: watch.good for watch in always}
        until("discovery, JWKS and liveness go on", lambda: all(watch.good > during[watch.name] + 3 for watch in always))
        check(process.child.poll() is None, "the process died with its database", process.output())

        cluster.start()
        back = time.monotonic()
        until("readiness says yes again", lambda: process.ready_status() == 200, HEALS_WITHIN)
        good = {watch.name: watch.good for watch in watches}
        left = HEALS_WITHIN - (time.monotonic() - back)
        until("everything works again", lambda: all(watch.good > good[watch.name] for watch in watches), left)
        healed = time.monotonic() - back
        for watch in [*watches, *always]:
            watch.stop.set()
            watch.join(30)
        problems = [f"{watch.name}: {watch.wrong[0]} ({len(watch.wrong)} times)" for watch in [*watches, *always] if watch.wrong]
        problems += [f"{watch.name}: 503 {watch.unavailable} times" for watch in always if watch.unavailable]
        if problems:
            raise Failed("\n    ".join(["wrong answers around the outage:", *problems, process.output()]))

        for kept_open in (app.http, browser, login):
            kept_open.close()
        for what, answer in [("the refresh token", app.refresh(kept["refresh_token"])), ("the code", app.redeem(*unredeemed))]:
            check(answer.status == 200, what, "from before the outage:", answer)
        app.code(browser, prompt="none")
        again = login.sign_in(login.open(f"{home.issuer}/login"))
        check(again.status == 200 and "current-password" not in again.text(), "signing in after the outage:", again)
        print(f"          told after {told:.1f} s, healed {healed:.1f} s after PostgreSQL was back; the slowest 503 took {slowest[0]:.1f} s ({slowest[1]})")


def a_restarted_postgresql_is_found_again(_databases):
    """All pooled connections are dead at once, and nobody had the time to notice."""
    with Cluster() as cluster, Home(cluster.database(), IMPATIENT) as home:
        home.apply(DECLARED)
        home.start()
        browser, app = Browser(), Application(home.issuer, Http(home.port))
        tokens = app.redeem(*app.code(browser)).json()
        for _ in range(3):
            cluster.stop()
            cluster.start()
            for kept_open in (app.http, browser):
                kept_open.close()
            tokens = until("refreshing works again", lambda: works(app.refresh(tokens["refresh_token"])), HEALS_WITHIN).json()
            app.code(browser, prompt="none")


def a_service_started_before_its_database_waits_for_it(_databases):
    """Alive, not ready, and saying why; nobody has to start it again."""
    with Cluster() as cluster, Home(cluster.database(), IMPATIENT) as home:
        home.apply(DECLARED)
        cluster.stop()
        internal = free_port()
        process = home.start(wait=False, VESTIBULE_SERVER__INTERNAL_LISTEN=f"127.0.0.1:{internal}")

        def probe(what):
            return Http(internal, timeout=5).get(f"/health/{what}")

        until("readiness says why not", lambda: waits(lambda: probe("ready").json()["status"] == "the database does not answer: waiting for it"))
        check(probe("live").status == 200 and probe("ready").status == 503, "alive and not ready")
        cluster.start()
        process.wait_until_ready()
        app = Application(home.issuer, Http(home.port))
        check(app.token(grant_type="client_credentials").status == 200, "a token afterwards")
        check(process.terminate() == 0, "exit code", process.output())


def waits(asked):
    try:
        return asked()
    except OSError:
        return False


def a_postgresql_that_hangs_is_not_waited_for_for_ever(_databases):
    """Connections stay open and nobody answers, as behind a lost network: requests end, the process lives, and everything heals."""
    with Cluster() as cluster, Home(cluster.database(), {**IMPATIENT, "VESTIBULE_SERVER__REQUEST_TIMEOUT": "3s"}) as home:
        home.apply(DECLARED)
        process = home.start()
        browser, app = Browser(), Application(home.issuer, Http(home.port))
        tokens = app.redeem(*app.code(browser)).json()
        cluster.freeze()
        try:
            asked = time.monotonic()
            # More than the pool has connections.
            answers = together([lambda: app.refresh(tokens["refresh_token"]) for _ in range(24)])
            took = time.monotonic() - asked
            for answer in answers:
                check(not isinstance(answer, Exception), "refreshing while the database hangs:", repr(answer))
                unavailable("refreshing while the database hangs", answer)
            check(took < 3 + 20, "the answers took", f"{took:.1f} s with a request timeout of 3 s")
            asked = time.monotonic()
            check(process.ready_status() == 503, "ready without a database")
            told = time.monotonic() - asked
            check(told < patience(), f"readiness said no after {told:.1f} s, and is to within {patience():.1f} s")
            for path in ("/jwks", "/.well-known/openid-configuration", "/health/live"):
                check(Http(home.port).get(path).status == 200, path, "needs no database")
        finally:
            cluster.thaw()
        back = time.monotonic()
        for kept_open in (app.http, browser):
            kept_open.close()
        until("readiness says yes again", lambda: process.ready_status() == 200, HEALS_WITHIN)
        until("refreshing works again", lambda: works(app.refresh(tokens["refresh_token"])), HEALS_WITHIN)
        answers = together([lambda: app.http.post("/introspect", {"token": tokens["access_token"]}, app.authorization) for _ in range(24)])
        check(all(getattr(answer, "status", 0) == 200 for answer in answers), "the pool has not recovered:", answers)
        print(f"          503 after {took:.1f} s, healed {time.monotonic() - back:.1f} s after PostgreSQL went on")


def works(answer):
    if answer.status == 200:
        return answer
    unavailable("after the restart", answer)
    return None


def unavailable(what, answer):
    check(answer.status == 503, what, "should be 503:", answer)
    after = answer.headers.get("Retry-After", "")
    check(after.isdigit() and 1 <= int(after) <= 5, what, "has no Retry-After of 1 to 5 s:", dict(answer.headers))


def refreshing(app, browser):
    """A client that refreshes with its newest token, and with the same one again when it was not answered."""
    kept = [app.redeem(*app.code(browser)).json()["refresh_token"]]

    def call():
        answer = app.refresh(kept[0])
        if answer.status == 200:
            kept[0] = answer.json()["refresh_token"]
        return answer

    return call


TESTS = [
    a_lost_postgresql_is_answered_honestly_and_heals,
    a_restarted_postgresql_is_found_again,
    a_service_started_before_its_database_waits_for_it,
    a_postgresql_that_hangs_is_not_waited_for_for_ever,
]
