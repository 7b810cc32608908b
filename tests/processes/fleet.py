"""Replicas behind a load balancer, the traffic on them, and what may happen to them."""

import itertools
import os
import subprocess
import threading
import time
from collections import Counter

from client import DECLARED, Application
from proxy import Proxy
from relying_party import RelyingParty
from service import IMPATIENT, Failed, Home, check, command, free_port, until
from traffic import PASSWORD, Caller, Documents, Logins, Seat

LONG = os.environ.get("VESTIBULE_TEST_LONG") == "1"
VISITORS, SEATS = 2, 3
# Libraries ask again for an unknown key at most every so often. (jose: 30 seconds.)
COOLDOWN = 30.0 if LONG else 5.0
# Longer than the key set's max-age below.
SETTLED = 6.0

PEOPLE = [f"person-{at}@example.com" for at in range(VISITORS + SEATS)]
DOCUMENT = DECLARED + "".join(f'\n[[users]]\nemail = "{one}"\nemail_verified = true\npassword = "{PASSWORD}"\nname = "P"\n' for one in PEOPLE)
SETTINGS = {
    "VESTIBULE_LOG__FILTER": "warn",
    # A planned rotation takes its shortest time, of five minutes.
    "VESTIBULE_KEYS__JWKS_MAX_AGE": "5s",
    "VESTIBULE_KEYS__PUBLISH_BEFORE_USE": "305s",
    **(IMPATIENT if LONG else {}),
}
# The version before serves on the new schema, and is not asked to migrate it.
NO_MIGRATION = {"VESTIBULE_DATABASE__MIGRATE_ON_START": "false"}
NEWER = """
ALTER TABLE users ADD COLUMN of_a_later_version TEXT;
CREATE TABLE of_a_later_version (id BIGINT PRIMARY KEY);
INSERT INTO seaql_migrations (version, applied_at) VALUES ('m20991231_000001_of_a_later_version', 4102358400);
"""


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
            check("newer" in str(failed), failed)
            if program != self.program:
                self.start(port, self.program)
                self.all_ready()
            self.work()
            return False
        self.all_ready()
        self.work()
        return True

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
        self.before = self.signing()
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
        until(f"new keys sign ({self.step})", lambda: not self.signing() & self.before, seconds)
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
        counts, asked = self.proxy.counts, sum(party.times for party in self.asking)
        requests = sum(count for port, count in counts.items() if port in self.ports)
        return (
            f"{time.monotonic() - self.began:.0f} s: {done['login']} logins, {done['session']} rounds of {SEATS} sessions, "
            f"{self.counts['tokens verified']} verifications, {requests} requests; {len(self.retried())} retries by clients, {counts['retried']} by the proxy, "
            f"{counts['broken']} times 502, {counts['nobody']} times 503; the key set was fetched {asked} times by {len(self.asking)} parties "
            f"that ask for unknown keys, {self.waiting.times} times by one that waits"
        )
