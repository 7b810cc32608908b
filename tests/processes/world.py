"""What the commands of the model test act on: two processes on one database, a clock that is moved, people at their browsers, two applications."""

import glob
import random
import time

from client import CALLBACK, DECLARED, Application, Browser, Http
from reference import Client, Organization, Person
from service import EMAIL, PASSWORD, SECRET, Failed, Home, check, free_port

CLIENTS = ["app", "second"]
MORE = f"""
[[clients]]
client_id = "second"
client_secret = "{SECRET}"
client_name = "Second"
first_party = true
redirect_uris = ["{CALLBACK}"]
grant_types = ["authorization_code", "refresh_token"]
"""


def faketime():
    found = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
    check(found, "libfaketime is not installed")
    return found[0]


class World:
    """Two processes, their clock, and what the model believes of them."""

    def __init__(self, databases, seed):
        self.random = random.Random(seed)
        self.home = Home(databases.new())
        self.clock = self.home.path / "clock"
        self.ahead = 0
        self.jumps = []
        self.sessions, self.browsers, self.codes, self.grants, self.processes = [], [], [], [], {}
        self.move(0)
        # Timers of the processes are monotonic and stay as they are; only the time of day moves.
        self.home.settings |= {
            "LD_PRELOAD": faketime(), "FAKETIME_TIMESTAMP_FILE": str(self.clock), "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        one, two = self.organizations = [Organization("one"), Organization("two")]
        self.clients = [Client(name) for name in CLIENTS]
        # Of one organisation, of two, of none.
        self.people = [
            Person(EMAIL, PASSWORD, [one]),
            *(Person(f"person-{number}@example.com", f"a passphrase of person {number}", of) for number, of in enumerate([[one, two], []])),
        ]

    def declared(self):
        organizations = "".join(f'\n[[organizations]]\nid = "{each.name}"\nname = "{each.name}"\n' for each in self.organizations)
        people = "".join(
            f'\n[[users]]\nemail = "{person.email}"\nemail_verified = true\npassword = "{person.password}"\nname = "Somebody"\n'
            f"organizations = {[each.name for each in person.organizations]}\n"
            for person in self.people[1:]
        )
        # The first person is the last of what is declared for all tests.
        return f"{DECLARED}organizations = {[each.name for each in self.people[0].organizations]}\n{MORE}{organizations}{people}"

    def __enter__(self):
        self.home.apply(self.declared())
        self.ports = [self.home.port, free_port()]
        for port in self.ports:
            self.processes[port] = self.home.start(port=port)
        self.http = {port: Http(port) for port in self.ports}
        self.apps = {
            client.name: {port: Application(self.home.issuer, http, client.name) for port, http in self.http.items()} for client in self.clients
        }
        for person in self.people:
            for _ in range(2):
                self.browsers.append(Seat(person, {port: Browser(via=port) for port in self.ports}))
        return self

    def __exit__(self, *_):
        self.home.__exit__()

    def now(self):
        return time.time() + self.ahead

    def move(self, seconds):
        if seconds < 0:
            for each in [*self.sessions, *self.grants]:
                each.rewinds(self.now())
        self.ahead += seconds
        # In one step: a process must not read half of it.
        half = self.clock.with_suffix(".new")
        half.write_text(f"{self.ahead:+}")
        half.replace(self.clock)

    def app(self, client):
        return self.apps[client.name][self.random.choice(self.ports)]

    def restart(self, port):
        self.processes[port].kill()
        for person in self.browsers:
            person.at[port].close()
        self.http[port].close()
        self.processes[port] = self.home.start(port=port)

    def browser(self, who):
        return who.at[self.random.choice(self.ports)]


class Seat:
    """A person at a browser of theirs. The replicas see one browser: it keeps one jar of cookies."""

    def __init__(self, person, at):
        self.person, self.at, self.session = person, at, None
        jar = {}
        for browser in at.values():
            browser.cookies = jar


def ask(app, browser, scope="openid email"):
    """Asks for a code without a page: (code, verifier), or `None` when the person has to sign in."""
    try:
        return app.code(browser, scope=scope, prompt="none")
    except Failed as failed:
        if "login_required" in str(failed):
            return None
        raise
