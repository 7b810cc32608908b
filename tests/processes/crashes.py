"""kill -9 in the middle of every kind of write: what was acknowledged stands, what was used is used, and the audit chain holds.

And the proof that these tests would notice: once the database is put back to what it was a moment before the kill.
"""

import json
import os
import random
import shutil
import signal
import statistics
import time
from collections import Counter

from acts import Enrolments, Forgetful, Profiles, Rotations, Visitors, World
from client import DECLARED, Application, Http
from grants import Grants, Revocations
from postgres import Cluster
from service import Failed, Home, check, command, until

LONG = os.environ.get("VESTIBULE_TEST_LONG") == "1"
ROUNDS = int(os.environ.get("VESTIBULE_TEST_ROUNDS") or (50 if LONG else 2))
ACTS = [Grants, Grants, Grants, Revocations, Visitors, Profiles, Forgetful, Enrolments, Rotations]
PEOPLE_A_ROUND = 60
# Key pairs are made for four algorithms, and all of them stay published.
ROTATIONS = 8

SETTINGS = {
    # Both generous, so that only the crash decides what is still good.
    "VESTIBULE_TOKENS__REFRESH_TOKEN_GRACE": "60s",
    "VESTIBULE_TOKENS__AUTHORIZATION_CODE_TTL": "10m",
    "VESTIBULE_MAIL__TRANSPORT": "file",
    "VESTIBULE_LOG__FILTER": "warn,vestibule::oauth::token=error",
    # Everybody is at one address here.
    "VESTIBULE_RECOVERY__MAILS_PER_ADDRESS": "100000/1h",
    "VESTIBULE_LIMITS__ACCOUNTS_PER_ADDRESS": "100000/10m",
    "VESTIBULE_LIMITS__PASSWORD_PER_ADDRESS": "100000/1m",
}


class Storm:
    """One service, killed again and again."""

    def __init__(self, home, rounds):
        self.home, self.starts, self.figures, self.cuts = home, [], Counter(), 0
        home.settings |= SETTINGS | {"VESTIBULE_MAIL__DIRECTORY": str(home.path / "mails")}
        home.apply(DECLARED)
        self.process = home.start()
        app = Application(home.issuer, Http(home.port))
        self.world = World(home, app, World.import_people(home, rounds * PEOPLE_A_ROUND))
        self.rotate_every = max(1, rounds // ROTATIONS)

    def load(self, number, seed):
        """Everything at once, until each act was acknowledged, and for some time more."""
        self.world.over.clear()
        kinds = [act for act in ACTS if act is not Rotations or number % self.rotate_every == 0]
        acts = [act(self.world, f"{seed}-{at}") for at, act in enumerate(kinds)]
        for act in acts:
            act.start()
        self.acknowledged(acts, {act: 1 for act in acts})
        return acts

    def acknowledged(self, acts, wanted):
        def enough():
            failed = next((act for act in acts if act.problem), None)
            if failed:
                raise Failed(f"before the crash: {failed.kind}: {failed.problem!r}\n{self.process.output()}")
            return all(act.acknowledged >= wanted[act] for act in acts)

        until("the load runs", enough, 120)

    def kill(self, acts, moment):
        until("the moment has come", lambda: time.monotonic() >= moment)
        self.process.kill()
        self.end(acts)

    def end(self, acts):
        self.world.over.set()
        for act in acts:
            act.join(60)
            check(not act.is_alive(), act.kind, "hangs after the crash")
            if act.problem:
                raise Failed(f"before the crash: {act.kind}: {act.problem!r}\n{self.process.output()}")

    def restart(self):
        began = time.monotonic()
        self.process = self.home.start()
        self.starts.append(time.monotonic() - began)
        self.world.app.http.close()

    def judge(self, acts):
        """Everything of this round that does not hold."""
        problems = [problem for act in acts for problem in act.problems()]
        for act in acts:
            self.figures[act.kind] += act.acknowledged
            self.cuts += sum(act.cut(entry) for entry in act.entries)
        for mail in self.world.mails.glob("*.eml"):
            mail.unlink(missing_ok=True)
        return problems

    def audit(self):
        """The chain holds, and has every acknowledged act, and none that was not even asked for."""
        command(self.home, "audit", "verify")
        file = self.home.path / "audit.jsonl"
        file.unlink(missing_ok=True)
        command(self.home, "audit", "export", "--output", str(file))
        records = map(json.loads, file.read_text().splitlines())
        found = Counter(record["event"]["kind"] for record in records if "event" in record)
        done, sent = self.world.acknowledged, self.world.sent
        return [
            f"audit: {event}: {found[event]} events, acknowledged {done[event]}, sent {sent[event]}"
            for event in sent
            if not done[event] <= found[event] <= sent[event]
        ]

    def round(self, number, seed, die=None):
        acts = self.load(number, seed)
        self.kill(acts, time.monotonic() + random.Random(seed).random() * 0.8)
        if die:
            die()
        self.restart()
        return self.judge(acts)

    def report(self, rounds):
        """Recovery is held against starts after a clean stop."""
        clean = []
        for _ in range(3):
            check(self.process.terminate() == 0, "the survivor does not stop cleanly")
            began = time.monotonic()
            self.process = self.home.start()
            clean.append(time.monotonic() - began)
        ratio = statistics.median(self.starts) / statistics.median(clean)
        kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(self.figures.items()))
        print(f"          {rounds} crashes, {sum(self.figures.values())} acknowledged ({kinds}), {self.cuts} cut off;")
        print(f"          starts after a crash take {ratio:.2f} times as long as after a clean stop, the longest {max(self.starts):.1f} s", flush=True)


def storm(database, rounds=ROUNDS, die=None):
    with Home(database) as home:
        storm = Storm(home, rounds)
        for number in range(rounds):
            seed = f"{number}-{random.randrange(1 << 30)}"
            problems = storm.round(number, seed, die) + (storm.audit() if number % 10 == 9 or number == rounds - 1 else [])
            if problems:
                raise Failed("\n    ".join([f"after crash {number + 1} (seed {seed}):", *problems[:20], storm.process.output()]))
        storm.report(rounds)


def after_kill_9_everything_acknowledged_stands_on_sqlite(_databases):
    storm(None)


def after_kill_9_everything_acknowledged_stands_on_postgresql(databases):
    storm(databases.new())


def both_die(more, rounds):
    """The power goes: `pg_ctl stop -m immediate` is a kill of every process of the cluster."""
    with Cluster(more) as cluster:

        def die():
            cluster.stop("immediate")
            cluster.start()

        storm(cluster.database(), rounds, die)


def when_postgresql_dies_with_the_service_everything_acknowledged_stands(_databases):
    both_die("", max(1, ROUNDS // 5))


def a_postgresql_that_commits_later_is_noticed(_databases):
    """These tests themselves, in the long run alone: `synchronous_commit = off` acknowledges what is not on the disk yet."""
    try:
        both_die("-c synchronous_commit=off -c wal_writer_delay=10000ms -c wal_writer_flush_after=1GB", 5)
    except Failed as failed:
        check("after crash" in str(failed), failed)
    else:
        raise Failed("acknowledged before it was committed, lost, and not noticed")


def a_lost_write_of_every_kind_is_noticed(_databases):
    """These tests themselves: half a second of acknowledged writes is taken away, as by a service that acknowledges before it commits."""
    with Home() as home:
        storm = Storm(home, 5)
        storm.world.between_rotations = 0.2
        acts = storm.load(0, "forgetful")
        files = [home.path / "vestibule.db", home.path / "vestibule.db-wal"]
        storm.process.child.send_signal(signal.SIGSTOP)
        for file in files:
            shutil.copy(file, f"{file}.before")
        storm.process.child.send_signal(signal.SIGCONT)
        storm.acknowledged(acts, {act: act.acknowledged + 2 for act in acts})
        storm.kill(acts, time.monotonic())
        (home.path / "vestibule.db-shm").unlink(missing_ok=True)
        for file in files:
            os.replace(f"{file}.before", file)
        storm.restart()
        storm.world.patience = 1
        problems = storm.judge(acts) + storm.audit()
        noticed = {problem.split(":")[0] for problem in problems}
        missed = {act.kind for act in acts} | {"audit"}
        check(missed <= noticed, "lost, and not noticed:", *(missed - noticed), "\n    ".join(["", *problems]))


TESTS = [
    after_kill_9_everything_acknowledged_stands_on_sqlite,
    after_kill_9_everything_acknowledged_stands_on_postgresql,
    when_postgresql_dies_with_the_service_everything_acknowledged_stands,
    a_lost_write_of_every_kind_is_noticed,
    *([a_postgresql_that_commits_later_is_noticed] if LONG else []),
]
