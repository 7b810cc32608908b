"""Random commands over two processes on one PostgreSQL, held against the reference model: sign in, redeem, refresh, replay, revoke, log out, lock
and unlock people, rotate keys, kill a process, move the clock.

`VESTIBULE_TEST_SEED` repeats a run, `VESTIBULE_TEST_STEPS` sets its length; both are printed.
"""

import glob
import http.client
import os
import random
import secrets
import threading
import time

from client import DECLARED, Application, Browser, Http, error_of
from reference import Code, Grant, Person, Session
from service import EMAIL, PASSWORD, Failed, Home, check, command, free_port

LONG = os.environ.get("VESTIBULE_TEST_LONG") == "1"
STEPS = int(os.environ.get("VESTIBULE_TEST_STEPS") or (10_000 if LONG else 250))
GRACE = 10
OTHERS = [Person(f"person-{number}@example.com", f"a passphrase of person {number}") for number in range(2)]
MORE = "".join(
    f'\n[[users]]\nemail = "{person.email}"\nemail_verified = true\npassword = "{person.password}"\nname = "Somebody"\n' for person in OTHERS
)


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
        self.move(0)
        # Timers of the processes are monotonic and stay as they are; only the time of day moves.
        self.home.settings |= {
            "LD_PRELOAD": faketime(), "FAKETIME_TIMESTAMP_FILE": str(self.clock), "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        self.people = [Person(EMAIL, PASSWORD), *(Person(person.email, person.password) for person in OTHERS)]
        self.browsers, self.codes, self.grants, self.processes = [], [], [], {}

    def __enter__(self):
        self.home.apply(DECLARED + MORE)
        self.ports = [self.home.port, free_port()]
        for port in self.ports:
            self.processes[port] = self.home.start(port=port)
        app = Application(self.home.issuer, Http(self.ports[0]))
        self.apps = {port: app.at(Http(port)) for port in self.ports}
        for person in self.people:
            for _ in range(2):
                self.browsers.append(Seat(person, {port: Browser(via=port) for port in self.ports}))
        return self

    def __exit__(self, *_):
        self.home.__exit__()

    def now(self):
        return time.time() + self.ahead

    def move(self, seconds):
        self.ahead += seconds
        # In one step: a process must not read half of it.
        half = self.clock.with_suffix(".new")
        half.write_text(f"+{self.ahead}")
        half.replace(self.clock)

    def app(self):
        return self.apps[self.random.choice(self.ports)]

    def restart(self, port):
        self.processes[port].kill()
        for person in self.browsers:
            person.at[port].close()
        self.apps[port].http.close()
        self.processes[port] = self.home.start(port=port)


class Seat:
    """A person at a browser of theirs. The replicas see one browser: it keeps one jar of cookies."""

    def __init__(self, person, at):
        self.person, self.at, self.session = person, at, None
        jar = {}
        for browser in at.values():
            browser.cookies = jar


def outcome(answer):
    if answer.status == 200:
        return True
    check(answer.status == 400 and error_of(answer) == "invalid_grant", "the token endpoint:", answer)
    return False


# --- the commands: each does something to the service and to the model, and compares --------------------------------


def sign_in(world):
    """Through the page, whoever is signed in; the code that comes of it is kept."""
    who = world.random.choice(world.browsers)
    browser, offline = who.at[world.random.choice(world.ports)], world.random.random() < 0.4
    settle(world, who)
    page = browser.open(f"{world.home.issuer}/login")
    if "current-password" not in page.text():
        check(who.session is not None and who.session.lives(world.now()) is not False, "a page without sign-in for a dead session:", page)
        browser.submit(browser.open(f"{world.home.issuer}/account"))
        who.session.ended = True
        page = browser.open(f"{world.home.issuer}/login")
    browser.sign_in(page, email=who.person.email, password=who.person.password)
    if not who.person.enabled:
        authorized(world, who, offline)
        return
    who.session = Session.begin(who.person, world.now())
    check(authorized(world, who, offline), "no code after signing in")


def authorized(world, who, offline=False):
    """Asks for a code without a page. Whether there was one, as the model says."""
    expected = who.session.lives(world.now()) if who.session else False
    app, browser = world.app(), who.at[world.random.choice(world.ports)]
    scope = "openid email offline_access" if offline else "openid email"
    verifier_and_code = ask(app, browser, scope)
    check(expected is None or expected == bool(verifier_and_code), "prompt=none: the model says", expected, "the service", verifier_and_code)
    if not verifier_and_code:
        if who.session:
            who.session.ended = True
        return False
    # Asking writes nothing: what counts as use of the session is redeeming the code.
    code, verifier = verifier_and_code
    world.codes.append(Code(code, verifier, who.session, who.person, offline, who.person.epoch, world.now()))
    return True


def ask(app, browser, scope):
    try:
        return app.code(browser, scope=scope, prompt="none")
    except Failed as failed:
        if "login_required" in str(failed):
            return None
        raise


def settle(world, who):
    """Where the model does not know whether a session lives, the service says, and is held to it."""
    if who.session and who.session.lives(world.now()) is None:
        authorized(world, who)


def authorize(world):
    authorized(world, world.random.choice(world.browsers), world.random.random() < 0.4)


def redeem(world):
    if not world.codes:
        return
    fresh = [code for code in world.codes[-6:] if code.grant is None]
    # Mostly what an application does; every fourth one again.
    code = fresh[-1] if fresh and world.random.random() < 0.75 else world.random.choice(world.codes[-6:])
    settle_session(world, code.session)
    expected = code.redeems(world.now())
    answer = world.app().redeem(code.code, code.verifier)
    won = outcome(answer)
    check(expected is None or won == expected, "redeeming: the model says", expected, "the service", answer)
    if won:
        now = world.now()
        code.grant = Grant(code.session, code.person, code.offline, code.epoch, now, rotated=now, session_end=code.session.began + 12 * 3600)
        code.grant.keep(answer.json(), now)
        world.grants.append(code.grant)
        code.session.used(now)
    elif code.grant:
        # A replay ends what the code was exchanged for (RFC 6749 §4.1.2).
        code.grant.revoked = True
    else:
        code.grant = False


def settle_session(world, session):
    for who in world.browsers:
        if who.session is session:
            settle(world, who)


def refresh(world, old=False):
    grants = [grant for grant in world.grants if not grant.revoked] or world.grants
    if not grants:
        return
    # What was replaced a moment ago is where the grace begins and ends: any old token would seldom be that one.
    lately = old and world.random.random() < 0.7
    grant = world.random.choice(sorted(grants, key=lambda grant: grant.rotated)[-2:] if lately else grants[-8:])
    settle_session(world, grant.session)
    token, generation = world.random.choice(grant.refresh_tokens[-3:] if lately else grant.refresh_tokens) if old else grant.refresh_tokens[-1]
    now = world.now()
    expected = grant.refreshes(now, generation, GRACE)
    answer = world.app().refresh(token)
    good = outcome(answer)
    if expected is None:
        # Near a limit either is right; what is beyond doubt is asked of the next ones.
        expected = ("next" if generation == grant.generation else "same") if good else "reuse" if generation != grant.generation else "dead"
        if expected == "dead":
            grant.revoked = True
    check(good == (expected in ("next", "same")), "refreshing generation", generation, "of", grant.generation, "must be", expected, answer)
    if expected == "next":
        if not grant.offline:
            grant.session.used(now)
        grant.stepped(world.now())
    if good:
        grant.keep(answer.json(), world.now())
    elif expected == "reuse":
        grant.revoked = True


def replay(world):
    refresh(world, old=True)


def revoke(world):
    if not world.grants:
        return
    grant = world.random.choice(world.grants[-8:])
    token = world.random.choice([grant.refresh_tokens[-1][0], grant.access_tokens[-1][0]])
    is_access = token == grant.access_tokens[-1][0]
    app = world.app()
    answer = app.http.post("/revoke", {"token": token}, app.authorization)
    check(answer.status == 200, "revoking:", answer)
    # An access token that has expired names nothing any more (RFC 7009 §2.2); near its end, ask.
    if not is_access or world.now() + 30 < grant.access_tokens[-1][1]:
        grant.revoked = True
    elif not grant.revoked and not app.active(grant.refresh_tokens[-1][0]):
        grant.revoked = True


def log_out(world):
    who = world.random.choice(world.browsers)
    settle(world, who)
    if not who.session or who.session.lives(world.now()) is not True:
        return
    browser = who.at[world.random.choice(world.ports)]
    browser.submit(browser.open(f"{world.home.issuer}/account"))
    end_session(world, who.session)


def end_session(world, session):
    session.ended = True
    for grant in world.grants:
        if grant.session is session and not grant.offline:
            grant.revoked = True


def lock(world):
    # Who is locked is let in again soon, or there would be little left to do.
    person = next((person for person in world.people if not person.enabled), None) or world.random.choice(world.people)
    if person.enabled:
        command(world.home, "user", "lock", person.email)
        person.enabled, person.epoch = False, person.epoch + 1
    else:
        command(world.home, "user", "unlock", person.email)
        person.enabled = True


def set_password(world):
    """Ends everything of the person's (SECURITY SE-5)."""
    person = world.random.choice(world.people)
    person.password = f"a newer passphrase {secrets.token_hex(6)}"
    command(world.home, "user", "set-password", person.email, "--password-stdin", stdin=person.password)
    person.epoch += 1


def rotate_keys(world):
    command(world.home, "keys", "rotate")


def kill(world):
    world.restart(world.random.choice(world.ports))


def cut(world):
    """A process dies with a request in it; the application asks the other one at once."""
    port = world.random.choice(world.ports)
    other = world.apps[next(each for each in world.ports if each != port)]
    grants = [grant for grant in world.grants if grant.lives_for_refresh(world.now())]
    if grants:
        cut_refresh(world, world.random.choice(grants[-8:]), port, other)
    world.restart(port)


def cut_refresh(world, grant, port, other):
    """Whether the lost step was made or not, the token that the application has leads on."""
    token, generation = grant.refresh_tokens[-1]
    if generation != grant.generation:
        return
    lost = threading.Thread(target=swallow, args=[lambda: world.apps[port].refresh(token)], daemon=True)
    lost.start()
    time.sleep(world.random.random() * 0.03)
    world.processes[port].kill()
    lost.join(30)
    answer = other.refresh(token)
    check(answer.status == 200, "the refresh token whose answer was lost:", answer, grant)
    if not grant.offline:
        grant.session.used(world.now())
    grant.stepped(world.now())
    grant.keep(answer.json(), world.now())


def swallow(call):
    try:
        call()
    except (OSError, http.client.HTTPException):
        pass


def pass_time(world):
    world.move(world.random.choices([5, 15, 30, 90, 400, 1200, 3000, 4000, 13 * 3600, 15 * 24 * 3600], [8, 8, 6, 6, 6, 3, 2, 2, 1, 1])[0])


def look(world):
    """Both replicas say of every token what the model says: what was acknowledged stands, and what has ended is over everywhere."""
    alive = [grant for grant in world.grants if grant.lives(world.now()) is not False]
    for grant in [*alive[-4:], *world.random.sample(world.grants, min(2, len(world.grants)))]:
        settle_session(world, grant.session)
        token, end = world.random.choice(grant.access_tokens[-3:])
        now = world.now()
        lives = grant.lives(now)
        expected = False if lives is False or now - 20 >= end else True if lives and now + 20 < end else None
        answers = {app.active(token) for app in world.apps.values()}
        check(expected is None or answers == {expected}, "an access token: the model says", expected, "the replicas", answers, grant)
        newest, generation = grant.refresh_tokens[-1]
        expected = grant.lives_for_refresh(world.now()) if generation == grant.generation else False
        answers = {app.active(newest) for app in world.apps.values()}
        check(expected is None or answers == {expected}, "a refresh token: the model says", expected, "the replicas", answers, grant)


COMMANDS = {
    sign_in: 14, authorize: 16, redeem: 26, refresh: 20, replay: 5, revoke: 3, log_out: 3, lock: 3, set_password: 1, rotate_keys: 1, kill: 1, cut: 2,
    pass_time: 8, look: 12,
}


def random_commands_keep_to_the_model(databases):
    seed = os.environ.get("VESTIBULE_TEST_SEED") or secrets.token_hex(4)
    history = []
    with World(databases, seed) as world:
        commands, weights = list(COMMANDS), list(COMMANDS.values())
        for step in range(STEPS):
            chosen = world.random.choices(commands, weights)[0]
            history.append(f"{step} {chosen.__name__} at +{world.ahead:.0f}")
            try:
                chosen(world)
                if step % 10 == 9:
                    look(world)
            except (Failed, AssertionError, OSError, http.client.HTTPException) as problem:
                logs = "\n".join(process.output()[-1500:] for process in world.processes.values())
                raise Failed(f"seed {seed}: {problem!r}\nafter\n  " + "\n  ".join(history[-25:]) + "\n" + logs) from problem
    print(f"         {STEPS} commands, seed {seed}, {len(world.grants)} grants", flush=True)


TESTS = [random_commands_keep_to_the_model]
