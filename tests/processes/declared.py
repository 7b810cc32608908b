"""Declared state: two processes keep to one directory, and a process that is killed in the middle leaves nothing half-applied."""

import json
import os
import random
import subprocess
import time
import urllib.request

from client import DECLARED, Application, Browser, Http
from service import SECRET, Home, binary, check, command, free_port, until

LONG = os.environ.get("VESTIBULE_TEST_LONG") == "1"
ROUNDS = 40 if LONG else 6
CLIENTS = 60


class Mount:
    """A directory as Kubernetes mounts a ConfigMap: links into one that is exchanged as a whole."""

    def __init__(self, path):
        self.path, self.version = path, 0
        path.mkdir()

    def put(self, **documents):
        self.version += 1
        version = self.path / f"..{self.version}"
        version.mkdir()
        for name, text in documents.items():
            (version / f"{name}.toml").write_text(text)
        (self.path / "..new").symlink_to(version.name)
        (self.path / "..new").rename(self.path / "..data")
        for link in self.path.glob("*.toml"):
            if link.stem not in documents:
                link.unlink()
        for name in documents:
            link = self.path / f"{name}.toml"
            if not link.is_symlink():
                link.symlink_to(f"..data/{name}.toml")


def clients(name, count=CLIENTS):
    client = '[[clients]]\nclient_id = "c{0}"\nclient_name = "{1}"\nclient_secret = "{2}"\nredirect_uris = ["http://localhost:9/cb"]\n'
    return "\n".join(client.format(number, name, SECRET) for number in range(count))


def look(home, *arguments):
    return json.loads(command(home, *arguments, "--json"))


def names(home):
    """How many of the declared clients have each name."""
    found = {}
    for client in look(home, "client", "list"):
        if client["client_id"].startswith("c") and client["enabled"]:
            found[client["client_name"]] = found.get(client["client_name"], 0) + 1
    return found


def sample(internal, line):
    with urllib.request.urlopen(f"http://127.0.0.1:{internal}/metrics", timeout=10) as answer:
        return line in answer.read().decode().splitlines()


def two_processes_keep_to_one_directory(database):
    internals = [free_port(), free_port()]
    with Home(database, settings={"VESTIBULE_DECLARED__INTERVAL": "1s"}) as home:
        mount = Mount(home.path / "declared")
        home.settings["VESTIBULE_DECLARED__DIRECTORY"] = str(mount.path)
        mount.put(app=DECLARED, many=clients("One"))
        one = home.start(VESTIBULE_SERVER__INTERNAL_LISTEN=f"127.0.0.1:{internals[0]}")
        other = home.start(free_port(), VESTIBULE_SERVER__INTERNAL_LISTEN=f"127.0.0.1:{internals[1]}")
        for internal in internals:
            line = f'vestibule_declared_objects{{state="ready"}} {CLIENTS + 2}'
            until("both have everything", lambda: sample(internal, line) and sample(internal, 'vestibule_declared_directory{state="in_force"} 1'))
        app = Application(home.issuer, Http(other.port))
        check(app.redeem(*app.code(Browser())).status == 200, "signing in at a declared application")

        began = time.monotonic()
        mount.put(app=DECLARED, many=clients("Two", CLIENTS - 10))
        until("the change is there", lambda: names(home) == {"Two": CLIENTS - 10}, 15)
        print(f"    converged {time.monotonic() - began:.1f} s after the exchange")
        check(code(home, "plan") == 0, "something is left to do")

        # Nothing is written while nothing changes, by either of them.
        before = state(home)
        time.sleep(4)
        check(state(home) == before, "a pass with nothing to do wrote something")

        # By hand it is refused, and undone where it was forced.
        check(code(home, "client", "remove", "c1") == 1, "a managed client was removed by hand")
        command(home, "client", "remove", "c1", "--force")
        until("what was forced is undone", lambda: names(home) == {"Two": CLIENTS - 10}, 15)

        # A lost directory removes nothing, and comes back.
        before = names_and_times(home)
        mount.path.rename(home.path / "away")
        until("both say so", lambda: all(sample(internal, 'vestibule_declared_directory{state="lost"} 1') for internal in internals), 15)
        check(names(home) == {"Two": CLIENTS - 10}, "a lost directory removed something")
        (home.path / "away").rename(mount.path)
        until("it is back", lambda: all(sample(internal, 'vestibule_declared_directory{state="in_force"} 1') for internal in internals), 15)
        check(names_and_times(home) == before, "clients were touched meanwhile")
        for process in (one, other):
            check(process.terminate() == 0, "exit code", process.output())


def names_and_times(home):
    return {client["client_id"]: client["updated_at"] for client in look(home, "client", "list")}


def state(home):
    events = look(home, "audit", "list", "--limit", "1000")
    applied = [event for event in events if event["event"].startswith(("client.", "state.", "user."))]
    return {"clients": names_and_times(home), "events": len(applied), "status": look(home, "declared", "status")["objects"]}


def code(home, *arguments):
    """The exit code."""
    done = subprocess.run([binary(), *arguments], env=home.environment(home.port), cwd=home.path, capture_output=True, timeout=120)
    return done.returncode


def killed_in_the_middle(database):
    with Home(database, settings={"VESTIBULE_DECLARED__INTERVAL": "250ms"}) as home:
        mount = Mount(home.path / "declared")
        home.settings["VESTIBULE_DECLARED__DIRECTORY"] = str(mount.path)
        mount.put(many=clients("v0"))
        home.start()
        until("the first is there", lambda: names(home) == {"v0": CLIENTS})
        for process in home.processes:
            process.kill()
        halves = set()
        for number in range(1, ROUNDS + 1):
            processes = [home.start(), home.start(free_port())]
            mount.put(many=clients(f"v{number}"))
            time.sleep(random.uniform(0.1, 3.0))
            for process in processes:
                process.kill()
            there = names(home)
            check(len(there) == 1 and sum(there.values()) == CLIENTS, "half of it was applied:", there)
            halves.add(next(iter(there)) == f"v{number}")
            process = home.start()
            until("the next start finishes it", lambda: names(home) == {f"v{number}": CLIENTS}, 15)
            process.kill()
        print(f"    killed before and after the commit: {sorted(halves)}")


def two_processes_keep_to_one_directory_on_sqlite(_databases):
    two_processes_keep_to_one_directory(None)


def two_processes_keep_to_one_directory_on_postgresql(databases):
    two_processes_keep_to_one_directory(databases.new())


def a_process_killed_while_it_applies_leaves_nothing_half_applied_on_sqlite(_databases):
    killed_in_the_middle(None)


def a_process_killed_while_it_applies_leaves_nothing_half_applied_on_postgresql(databases):
    killed_in_the_middle(databases.new())


TESTS = [
    two_processes_keep_to_one_directory_on_sqlite,
    two_processes_keep_to_one_directory_on_postgresql,
    a_process_killed_while_it_applies_leaves_nothing_half_applied_on_sqlite,
    a_process_killed_while_it_applies_leaves_nothing_half_applied_on_postgresql,
]
