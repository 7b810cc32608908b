"""Replicas are replaced, killed, rolled back, their keys rotated and their database restarted, while people sign in and applications work.

Through a load balancer (proxy.py), on PostgreSQL: no login fails for a browser that retries once, no session is lost, and every token can be
verified by applications that keep the key set.
"""

import http.client
import itertools
import json
import os
import subprocess
import threading
import time
from collections import Counter

import previous
from client import DECLARED, Answer, Application, Browser, Http
from postgres import Cluster
from proxy import Proxy
from relying_party import RelyingParty
from service import Failed, Home, binary, check, command, free_port, until

LONG = os.environ.get("VESTIBULE_TEST_LONG") == "1"
VISITORS, SEATS = 2, 3
# Longer than the key set's max-age below.
SETTLED = 6.0
# Who sees an error tries again so many seconds later: at once when something broke, as the answer says or in a while when nobody was there.
AT_ONCE, IN_A_WHILE = 1.0, 5.0
# Libraries ask again for an unknown key at most every so often. (jose: 30 seconds.)
COOLDOWN = 30.0 if LONG else 5.0

PEOPLE = [f"person-{at}@example.com" for at in range(VISITORS + SEATS)]
PASSWORD = "a passphrase of these people"
DOCUMENT = DECLARED + "".join(f'\n[[users]]\nemail = "{one}"\nemail_verified = true\npassword = "{PASSWORD}"\nname = "P"\n' for one in PEOPLE)
SETTINGS = {
    "VESTIBULE_LOG__FILTER": "warn",
    # A planned rotation takes its shortest time, of five minutes.
    "VESTIBULE_KEYS__JWKS_MAX_AGE": "5s",
    "VESTIBULE_KEYS__PUBLISH_BEFORE_USE": "305s",
    "VESTIBULE_DATABASE__ACQUIRE_TIMEOUT": "2s",
}

# The version before serves on the new schema, and is not asked to migrate it.
NO_MIGRATION = {"VESTIBULE_DATABASE__MIGRATE_ON_START": "false"}
NEWER = """
ALTER TABLE users ADD COLUMN of_a_later_version TEXT;
CREATE TABLE of_a_later_version (id BIGINT PRIMARY KEY);
INSERT INTO seaql_migrations (version, applied_at) VALUES ('m20991231_000001_of_a_later_version', 4102358400);
"""


class Unserved(Exception):
    """An answer that a load balancer or a service in need gives: try again, `after` so many seconds."""

    def __init__(self, what, after):
        super().__init__(what)
        self.after = after


def served(answer):
    if answer.status in (502, 503, 504):
        raise Unserved(f"{answer.url.partition('?')[0]}: {answer.status}", float(answer.headers.get("Retry-After") or (AT_ONCE if answer.status == 502 else IN_A_WHILE)))
    return answer


class Caller(Http):
    def request(self, *arguments, **more):
        return served(super().request(*arguments, **more))


class Visitor(Browser):
    def request(self, *arguments, **more):
        return served(super().request(*arguments, **more))


class Load(threading.Thread):
    """Repeats `one`. What fails is tried once more, from its beginning; what fails then is a failure."""

    def __init__(self, fleet, name):
        super().__init__(daemon=True)
        self.fleet, self.name = fleet, name
        self.done, self.retried, self.failures = 0, [], []

    def run(self):
        while not self.fleet.stop.is_set():
            try:
                self.try_twice()
                self.done += 1
            except Exception as problem:
                self.failures.append(f"{self.name} at {self.fleet.moment()}: {problem!r}")
                if len(self.failures) >= 20:
                    return

    def try_twice(self):
        try:
            self.one()
        except (Unserved, OSError, http.client.HTTPException) as problem:
            self.retried.append(f"{self.name} at {self.fleet.moment()}: {problem!r}")
            time.sleep(getattr(problem, "after", AT_ONCE))
            self.one()

    def one(self):
        raise NotImplementedError

    def tokens(self, browser, **more):
        """A login, up to tokens that every relying party verifies."""
        try:
            code, verifier = self.fleet.app.code(browser, **more)
        except Failed as failed:
            # What the application is told when the database is away (RFC 6749 §4.1.2.1).
            if "temporarily_unavailable" in str(failed):
                raise Unserved("the application was told: temporarily_unavailable", IN_A_WHILE) from None
            raise
        return self.verified(self.fleet.app.redeem(code, verifier))

    def verified(self, answer):
        check(answer.status == 200, "the token endpoint:", answer)
        tokens = answer.json()
        for party in self.fleet.listening():
            party.verify(tokens["access_token"], self.fleet.home.issuer)
            if "id_token" in tokens:
                party.verify(tokens["id_token"], "app")
            self.fleet.count("tokens verified")
        return tokens

    def ask_userinfo(self, tokens):
        answer = self.fleet.http.get("/userinfo", Authorization=f"Bearer {tokens['access_token']}")
        check(answer.status == 200, "userinfo:", answer)


class Logins(Load):
    """A new browser each time: password, code, tokens, userinfo."""

    def __init__(self, fleet, person):
        super().__init__(fleet, "login")
        self.person = person

    def one(self):
        browser = Visitor()
        browser.sign_in = lambda page, stop, sign_in=browser.sign_in: sign_in(page, stop, email=self.person, password=PASSWORD)
        self.ask_userinfo(self.tokens(browser))
        browser.close()


class Seat(Load):
    """Somebody who signed in at the beginning, and works: refreshing, asking, and now and then another silent login."""

    def __init__(self, fleet, person):
        super().__init__(fleet, "session")
        self.browser, self.person = Visitor(), person
        login = self.browser.sign_in
        self.browser.sign_in = lambda page, stop: login(page, stop, email=person, password=PASSWORD)
        self.held = self.tokens(self.browser)

    def one(self):
        if self.done % 3 == 0:
            self.tokens(self.browser, prompt="none")
        self.held = self.verified(self.fleet.app.refresh(self.held["refresh_token"]))
        self.ask_userinfo(self.held)
        time.sleep(0.02)


class Documents(Load):
    def one(self):
        for path in ("/jwks", "/.well-known/openid-configuration"):
            check(self.fleet.http.get(path).status == 200, path)
        time.sleep(0.02)


class Fleet:
    """Replicas behind a proxy, and the load on them."""

    def __init__(self, cluster, program, replicas=2):
        self.home = Home(cluster.database(), SETTINGS)
        self.cluster, self.began, self.stop = cluster, time.monotonic(), threading.Event()
        self.step, self.counts, self._lock, self._turn = "start", Counter(), threading.Lock(), itertools.count()
        self.proxy = Proxy(self.home.port)
        self.ports, self.replicas, self.program = [free_port() for _ in range(replicas)], {}, program
        self.http = Caller(self.home.port)
        self.app = Application(self.home.issuer, self.http)
        fetch = lambda: self.http.get("/jwks")
        # Several that ask, so that every replica is asked for a key that is new.
        self.asking = [RelyingParty(self.home.issuer, fetch, COOLDOWN) for _ in range(6)]
        self.waiting, self.nobody_waits = RelyingParty(self.home.issuer, fetch), False

    def __enter__(self):
        self.proxy.__enter__()
        for port in self.ports:
            self.start(port, self.program)
        self.home.apply(DOCUMENT)
        self.proxy.lead_to(self.ports)
        self.all_ready()
        people = iter(PEOPLE)
        self.loads = [Logins(self, next(people)) for _ in range(VISITORS)] + [Seat(self, next(people)) for _ in range(SEATS)]
        self.loads.append(Documents(self, "documents"))
        for load in self.loads:
            load.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.proxy.__exit__()
        self.home.__exit__()

    def moment(self):
        return f"{time.monotonic() - self.began:.1f} s ({self.step})"

    def count(self, what):
        with self._lock:
            self.counts[what] += 1

    def listening(self):
        """Who is given the next answer's tokens."""
        one = self.asking[next(self._turn) % len(self.asking)]
        return [one] if self.nobody_waits else [one, self.waiting]

    def start(self, port, program, **more):
        self.replicas[port] = self.home.start(port=port, program=program, **more)

    def all_ready(self):
        until("every replica gets requests", lambda: sorted(self.proxy.ready()) == sorted(self.ports), 60)

    def work(self, times=2):
        """Until every load has done its work some times more."""
        wanted = {load: load.done + times for load in self.loads}
        until(f"work goes on ({self.step})", lambda: all(load.done >= wanted[load] or load.failures for load in self.loads), 120)

    # --- what happens to them

    def roll(self, program, what, **more):
        """One by one: SIGTERM, then another in its place. The old ones go on serving beside the new."""
        for port in self.ports:
            self.step = f"{what}, replica {self.ports.index(port) + 1}"
            check(self.replicas[port].terminate() == 0, "a replica does not stop cleanly:", self.replicas[port].output())
            self.start(port, program, **more)
            self.all_ready()
            self.work()
        self.program = program

    def serves_newer(self, program):
        """Whether this program starts on a schema that a newer one has migrated."""
        port, self.step = self.ports[0], "a first replica of the version before"
        check(self.replicas[port].terminate() == 0, "a replica does not stop cleanly:", self.replicas[port].output())
        try:
            self.start(port, program, **NO_MIGRATION)
        except Failed as failed:
            check("newer version" in str(failed), failed)
            self.start(port, self.program)
        self.all_ready()
        self.work()
        return self.replicas[port].program == program

    def schema_moves_on(self):
        """A version that does not exist yet migrates: it adds, and the replicas go on serving."""
        self.step = "a newer schema"
        done = subprocess.run(["psql", "-qXd", self.home.database, "-v", "ON_ERROR_STOP=1", "-c", NEWER], capture_output=True, text=True, timeout=60)
        check(done.returncode == 0, done.stderr)
        time.sleep(1)
        self.all_ready()
        self.work()

    def rotate(self, *how):
        self.step = "keys rotate " + " ".join(how)
        command(self.home, "keys", "rotate", *how)

    def emergency(self):
        """New keys that sign within seconds, sooner than who keeps a key set for its max-age asks again: those have to wait, the others find out."""
        self.nobody_waits = True
        until("the cool-down is over", lambda: all(party.asked and party.age() > COOLDOWN for party in self.asking), COOLDOWN + 30)
        self.rotate("--immediately")
        self.changed(60)
        time.sleep(SETTLED)
        self.nobody_waits = False
        self.work()

    def planned(self):
        """The keys that `keys rotate` made come into use, and have been published for so long that nobody has to ask."""
        self.step = "the planned keys come into use"
        self.changed(400)
        self.work()

    def changed(self, seconds):
        before = self.signing()
        until(f"new keys sign ({self.step})", lambda: not self.signing() & before, seconds)
        self.work()

    def signing(self):
        return {seat.held["access_token"].split(".")[0] for seat in self.loads if isinstance(seat, Seat)}

    def kill(self):
        port = self.ports[0]
        self.step = "kill -9"
        self.replicas[port].kill()
        self.work()
        self.start(port, self.program)
        self.all_ready()
        self.work()

    def restart_database(self, mode):
        self.step = f"the database restarted ({mode})"
        self.cluster.stop(mode)
        self.cluster.start()
        self.all_ready()
        self.work()

    # --- what came of it

    def judge(self):
        self.step = "afterwards"
        self.work()
        self.stop.set()
        for load in self.loads:
            load.join(60)
            check(not load.is_alive(), load.name, "hangs")
        failures = [failure for load in self.loads for failure in load.failures]
        for seat in (load for load in self.loads if isinstance(load, Seat)):
            path = seat.browser.open(f"{self.home.issuer}/account").url
            check(path.endswith("/account"), "a session of the beginning is lost:", path)
            check(seat.fleet.app.active(seat.held["refresh_token"]), "a grant of the beginning is lost")
        if failures:
            logs = [process.output()[-1500:] for process in self.replicas.values()]
            raise Failed("\n    ".join([f"{len(failures)} failures of {self.sums()}", *failures[:12], *self.retried()[:12], *logs]))
        print(f"          {self.sums()}", flush=True)
        for line in self.retried() if LONG else []:
            print(f"            retried: {line[:200]}", flush=True)

    def retried(self):
        return [line for load in self.loads for line in load.retried]

    def sums(self):
        done = Counter()
        for load in self.loads:
            done[load.name] += load.done
        counts = self.proxy.counts
        return (
            f"{time.monotonic() - self.began:.0f} s: {done['login']} logins, {done['session']} rounds of {SEATS} sessions, {self.counts['tokens verified']} "
            f"verifications, {sum(n for port, n in counts.items() if isinstance(port, int))} requests; {len(self.retried())} retries by clients, {counts['retried']} "
            f"by the proxy, {counts['broken']} times 502, {counts['nobody']} times 503; the key set was fetched {sum(one.times for one in self.asking)} times by {len(self.asking)} parties "
            f"that ask for unknown keys, {self.waiting.times} times by one that waits"
        )


def replacing_killing_and_rotating_cost_nobody_a_login(_databases):
    """Rolling restart, new keys at once, kill -9."""
    with Cluster() as cluster, Fleet(cluster, binary()) as fleet:
        fleet.work()
        fleet.roll(binary(), "restart")
        fleet.emergency()
        fleet.kill()
        fleet.schema_moves_on()
        fleet.judge()


def an_upgrade_and_its_rollback_cost_nobody_a_login(_databases):
    """From the previous version to this one and back, on one database, with everything else that happens on the way."""
    if not LONG:
        return
    old = previous.program()
    with Cluster() as cluster, Fleet(cluster, old) as fleet:
        fleet.rotate()
        fleet.roll(binary(), "upgrade")
        fleet.kill()
        fleet.restart_database("fast")
        fleet.restart_database("immediate")
        if fleet.serves_newer(old):
            fleet.roll(old, "rollback", **NO_MIGRATION)
            fleet.restart_database("immediate")
            fleet.roll(binary(), "upgrade again")
        else:
            print("          NOT PROVED: the version before this one does not start on this one's schema, so there is no rolling back to it", flush=True)
        fleet.planned()
        fleet.emergency()
        fleet.judge()


def the_relying_parties_of_these_tests_refuse_what_they_must(_databases):
    with Home() as home:
        home.apply(DECLARED)
        home.start()
        app = Application(home.issuer, Http(home.port))
        tokens = app.redeem(*app.code(Browser())).json()
        strangers = {"keys": [{**key, "kid": "other"} for key in app.http.get("/jwks").json()["keys"]]}
        for token, audience in [(tokens["id_token"], "app"), (tokens["access_token"], home.issuer)]:
            party = RelyingParty(home.issuer, lambda: app.http.get("/jwks"))
            party.verify(token, audience)
            head, body, signature = token.split(".")
            another = ("A" if signature[20] != "A" else "B").join([signature[:20], signature[21:]])
            deaf = RelyingParty(home.issuer, lambda: Answer("/jwks", 200, {"Cache-Control": "max-age=60"}, json.dumps(strangers).encode()))
            for who, what, whom in [(party, f"{head}.{body}.{another}", audience), (party, token, "somebody else"), (deaf, token, audience)]:
                try:
                    who.verify(what, whom)
                except Failed as refused:
                    check("unverifiable" in str(refused), refused)
                else:
                    raise Failed("taken, and should be refused: " + what)


TESTS = [
    the_relying_parties_of_these_tests_refuse_what_they_must,
    replacing_killing_and_rotating_cost_nobody_a_login,
    an_upgrade_and_its_rollback_cost_nobody_a_login,
]
