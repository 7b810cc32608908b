"""Random commands over two processes on one PostgreSQL, held against the reference model: sign in, redeem, refresh, replay, revoke, log out, lock
and unlock people, disable and enable applications and organisations, rotate keys, kill a process, move the clock ahead and back.

`VESTIBULE_TEST_SEED` repeats a run, `VESTIBULE_TEST_STEPS` sets its length; both are printed.
"""

import http.client
import os
import re
import secrets
import threading
import time

from client import error_of
from reference import Code, Grant, Session, all_of
from service import Failed, check, command
from world import World, ask

LONG = os.environ.get("VESTIBULE_TEST_LONG") == "1"
STEPS = int(os.environ.get("VESTIBULE_TEST_STEPS") or (10_000 if LONG else 250))
GRACE = 10
# `limits.password_free`, `limits.password_longest_pause`.
FREE_TRIES, LONGEST_PAUSE = 5, 15 * 60
# What an act at one replica may take to hold at every other (SECURITY SE-5).
HONOURED_AFTER = 1.0


def outcome(answer, client):
    """Whether a token request succeeded; `None` when nobody looked at it, because the application is disabled."""
    if not client.enabled:
        check(answer.status == 401 and error_of(answer) == "invalid_client", "a disabled application at the token endpoint:", answer)
        return None
    if answer.status == 200:
        return True
    check(answer.status == 400 and error_of(answer) == "invalid_grant", "the token endpoint:", answer)
    return False


# --- the commands: each does something to the service and to the model, and compares --------------------------------


def sign_in(world):
    """Through the page, whoever is signed in; the code that comes of it is kept."""
    who = world.random.choice(world.browsers)
    browser, offline = world.browser(who), world.random.random() < 0.4
    settle(world, who)
    page = browser.open(f"{world.home.issuer}/login")
    if "current-password" not in page.text():
        check(who.session is not None and who.session.lives(world.now()) is not False, "a page without sign-in for a dead session:", page)
        browser.submit(browser.open(f"{world.home.issuer}/account"))
        who.session.ended = True
        page = browser.open(f"{world.home.issuer}/login")
    page = browser.sign_in(page, email=who.person.email, password=who.person.password)
    if not who.person.active():
        who.person.refused += 1
        authorized(world, who, offline)
        return
    if "current-password" in page.text():
        check(is_pause(page, who.person), "signing in with the right password:", page.url, page.text())
        return
    who.person.refused = 0
    who.session = Session.begin(who.person, world.now())
    world.sessions.append(who.session)
    check(authorized(world, who, offline), "no code after signing in")


def is_pause(page, person):
    """Whoever is kept out and tries all the same is guessing, for all anybody knows: the fifth time costs a pause, which is never long."""
    wait = re.search(r"Too many attempts\. Try again in (\d+) (second|minute)s?\.", page.text())
    return wait and person.refused >= FREE_TRIES and int(wait[1]) * (60 if wait[2] == "minute" else 1) <= LONGEST_PAUSE


def authorized(world, who, offline=False):
    """Asks for a code without a page. Whether there was one, as the model says."""
    expected = who.session.lives(world.now()) if who.session else False
    client = world.random.choice([client for client in world.clients if client.enabled])
    scope = "openid email offline_access" if offline else "openid email"
    code_and_verifier = ask(world.app(client), world.browser(who), scope)
    check(expected is None or expected == bool(code_and_verifier), "prompt=none: the model says", expected, "the service", code_and_verifier)
    if not code_and_verifier:
        if who.session and expected is None:
            who.session.died = world.now()
        return False
    # Asking writes nothing: what counts as use of the session is redeeming the code.
    who.session.died, who.session.doubt = None, False
    world.codes.append(Code(client, *code_and_verifier, who.session, who.person, offline, who.person.epoch, world.now()))
    return True


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
    expected, fresh = code.redeems(world.now()), code.is_fresh(world.now())
    answer = world.app(code.client).redeem(code.code, code.verifier)
    won = outcome(answer, code.client)
    if won is None:
        return
    check(expected is None or won == expected, "redeeming: the model says", expected, "the service", answer)
    if won:
        now = world.now()
        code.grant = Grant(code.client, code.session, code.person, code.offline, code.epoch, now, rotated=now, session_end=code.session.began + 12 * 3600)
        code.grant.keep(answer.json(), now)
        world.grants.append(code.grant)
        code.session.used(now)
    elif code.grant:
        # A replay ends what the code was exchanged for (RFC 6749 §4.1.2).
        code.grant.revoked = True
    elif fresh:
        # Burnt by the attempt. One that had expired was not looked at further, and a clock that goes back finds it as it was.
        code.grant = False
    else:
        code.doubt = fresh is None


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
    answer = world.app(grant.client).refresh(token)
    good = outcome(answer, grant.client)
    if good is None:
        return
    if expected is None:
        # Near a limit either is right; what is beyond doubt is asked of the next ones.
        expected = ("next" if generation == grant.generation else "same") if good else "reuse" if generation != grant.generation else "dead"
        if not good:
            # Ended, or at its end by this clock.
            grant.died, expected = now, "dead"
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
    token = world.random.choice([grant.refresh_tokens[-1], grant.access_tokens[-1]])
    is_access = token is grant.access_tokens[-1]
    app = world.app(grant.client)
    answer = app.http.post("/revoke", {"token": token[0]}, app.authorization)
    if not grant.client.enabled:
        check(answer.status == 401, "a disabled application revokes:", answer)
        return
    check(answer.status == 200, "revoking:", answer)
    # An access token that has expired, or is dated far ahead, names nothing (RFC 7009 §2.2); near that, ask.
    if not is_access or grant.dated(token, world.now()):
        grant.revoked = True
    elif grant.dated(token, world.now()) is None and not app.active(grant.refresh_tokens[-1][0]):
        grant.died = world.now()


def log_out(world):
    who = world.random.choice(world.browsers)
    settle(world, who)
    if not who.session or who.session.lives(world.now()) is not True:
        return
    browser = world.browser(who)
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


def switch_client(world):
    """Within a second nobody signs in to a disabled application, and it gets nothing; what it held stays dead when it is enabled."""
    client = next((client for client in world.clients if not client.enabled), None) or world.random.choice(world.clients)
    client.enabled = not client.enabled
    command(world.home, "client", "enable" if client.enabled else "disable", client.name)
    time.sleep(HONOURED_AFTER)
    if client.enabled:
        return
    for grant in world.grants:
        grant.revoked = grant.revoked or grant.client is client
    for app in world.apps[client.name].values():
        knock(world, app, [grant for grant in world.grants if grant.client is client][-1:])


def knock(world, app, grants):
    """Every path at which a disabled application, or somebody sent by it, may ask."""
    browser = world.browser(world.random.choice(world.browsers))
    try:
        given = ask(app, browser)
    except Failed:
        given = None
    check(given is None, "a code for a disabled application:", given)
    for grant in grants:
        outcome(app.refresh(grant.refresh_tokens[-1][0]), grant.client)
        token = grant.access_tokens[-1][0]
        for path in ["/introspect", "/revoke"]:
            answer = app.http.post(path, {"token": token}, app.authorization)
            check(answer.status == 401, "a disabled application at", path, answer)
        answer = app.http.get("/userinfo", Authorization=f"Bearer {token}")
        check(answer.status == 401, "a token of a disabled application at /userinfo:", answer)


def switch_organization(world):
    """Suspends whoever belongs to no other that is enabled, and lets them in again: with nothing of what they held."""
    closed = [each for each in world.organizations if not each.enabled]
    chosen = world.random.choice(closed if closed and world.random.random() < 0.7 else world.organizations)
    chosen.enabled = not chosen.enabled
    command(world.home, "organization", "enable" if chosen.enabled else "disable", chosen.name)
    for person in world.people:
        person.settle()


def rotate_keys(world):
    command(world.home, "keys", "rotate")


def kill(world):
    world.restart(world.random.choice(world.ports))


def cut(world):
    """A process dies with a request in it; the application asks the other one at once."""
    port = world.random.choice(world.ports)
    other = next(each for each in world.ports if each != port)
    grants = [grant for grant in world.grants if grant.lives_for_refresh(world.now())]
    if grants:
        cut_refresh(world, world.random.choice(grants[-8:]), port, other)
    world.restart(port)


def cut_refresh(world, grant, port, other):
    """Whether the lost step was made or not, the token that the application has leads on."""
    token, generation = grant.refresh_tokens[-1]
    if generation != grant.generation:
        return
    apps = world.apps[grant.client.name]
    lost = threading.Thread(target=swallow, args=[lambda: apps[port].refresh(token)], daemon=True)
    lost.start()
    time.sleep(world.random.random() * 0.03)
    world.processes[port].kill()
    lost.join(30)
    answer = apps[other].refresh(token)
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
    seconds = world.random.choices([5, 15, 30, 90, 400, 1200, 3000, 4000, 13 * 3600, 15 * 24 * 3600], [8, 8, 6, 6, 6, 3, 2, 2, 1, 1])[0]
    world.jumps.append(seconds)
    world.move(seconds)


def set_back(world):
    """A clock that was ahead is set right, or one that was right is set wrong. Whoever comes then can sign in."""
    right = world.jumps.pop() if world.jumps and world.random.random() < 0.5 else 0
    world.move(-(right or world.random.choices([5, 30, 90, 400, 4000, 13 * 3600, 15 * 24 * 3600], [6, 6, 6, 6, 3, 1, 1])[0]))
    sign_in(world)


def look(world):
    """Both replicas say of every token what the model says: what was acknowledged stands, and what has ended is over everywhere."""
    alive = [grant for grant in world.grants if grant.lives(world.now()) is not False]
    for grant in [*alive[-4:], *world.random.sample(world.grants, min(2, len(world.grants)))]:
        apps = world.apps[grant.client.name]
        if not grant.client.enabled:
            knock(world, world.app(grant.client), [grant])
            continue
        settle_session(world, grant.session)
        token = world.random.choice(grant.access_tokens[-3:])
        expected = all_of(grant.lives(world.now()), grant.dated(token, world.now()))
        answers = {app.active(token[0]) for app in apps.values()}
        check(expected is None or answers == {expected}, "an access token: the model says", expected, "the replicas", answers, grant)
        newest, generation = grant.refresh_tokens[-1]
        expected = grant.lives_for_refresh(world.now()) if generation == grant.generation else False
        answers = {app.active(newest) for app in apps.values()}
        check(expected is None or answers == {expected}, "a refresh token: the model says", expected, "the replicas", answers, grant)


COMMANDS = {
    sign_in: 14, authorize: 16, redeem: 26, refresh: 20, replay: 5, revoke: 3, log_out: 3, lock: 3, switch_client: 2, switch_organization: 3,
    set_password: 1, rotate_keys: 1, kill: 1, cut: 2, pass_time: 8, set_back: 3, look: 12,
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
