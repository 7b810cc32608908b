"""Three replicas on one PostgreSQL: what is done once, by command, to their mounts or at one of them, holds at each, without a restart."""

import base64
import json
import signal
import time

from client import DECLARED, Application, Browser, Form, Http, together
from declared import Mount
from doctor import doctor
from service import EMAIL, SECRET, Home, check, command, free_port, until
from world import faketime

REPLICAS = 3
# What keys/README.md and docs/declared-state.md promise, and a machine that does other work at the same time.
REVOKED_WITHIN, CONVERGED_WITHIN = 10.0 + 5.0, 15.0


class Three(Home):
    """They share the key directory and the declared one, as pods share mounted Secrets and ConfigMaps."""

    def __init__(self, databases, **settings):
        super().__init__(databases.new(), {"VESTIBULE_LOG__FILTER": "info,access=warn,audit=warn", **settings})
        self.mount = Mount(self.path / "declared")
        self.mount.put(app=DECLARED)
        self.settings["VESTIBULE_DECLARED__DIRECTORY"] = str(self.mount.path)
        self.ports = [self.port] + [free_port() for _ in range(REPLICAS - 1)]

    def __enter__(self):
        self.apply(DECLARED)
        self.running = [self.start(port=port, wait=False) for port in self.ports]
        for process in self.running:
            process.wait_until_ready()
        self.apps = [Application(self.issuer, Http(port)) for port in self.ports]
        return self

    def tokens(self, at):
        """Of somebody who signs in at this replica."""
        answer = self.apps[at].redeem(*self.apps[at].code(Browser(via=self.ports[at])))
        check(answer.status == 200, "signing in at replica", at, answer)
        return answer.json()

    def published(self):
        """The key ids of each replica."""
        return [{key["kid"] for key in app.http.get("/jwks").json()["keys"]} for app in self.apps]

    def each(self, what, condition, seconds):
        """Until `condition` holds of each replica's application; after how long it did at the last."""
        began = time.monotonic()
        for at, app in enumerate(self.apps):
            until(f"{what}, at replica {at}", lambda app=app: condition(app), max(began + seconds - time.monotonic(), 0.1))
        return time.monotonic() - began

    def still_the_same(self):
        check(all(process.child.poll() is None for process in self.running), "a replica ended")


def kid(token):
    return json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))["kid"]


def userinfo(app, tokens):
    return app.http.get("/userinfo", Authorization=f"Bearer {tokens['access_token']}").status


def a_revoked_key_is_worthless_at_every_replica(databases):
    """`keys revoke` by command: no replica publishes it, takes a token of it or signs with it any more, and people stay signed in."""
    with Three(databases) as home:
        held = [home.tokens(at) for at in range(REPLICAS)]
        (revoked,) = {kid(tokens["access_token"]) for tokens in held}
        check(all(revoked in published for published in home.published()), "not published by each")
        for app in home.apps:
            check([userinfo(app, tokens) for tokens in held] == [200] * REPLICAS, "a replica does not take another's token")
        answer = json.loads(command(home, "keys", "revoke", revoked, "--json"))
        refuses = lambda app: all(userinfo(app, tokens) == 401 for tokens in held)  # noqa: E731
        # First this: a request for the key set makes a replica look, and these are not asked for it.
        print(f"          its tokens are refused after {home.each('its tokens are refused', refuses, REVOKED_WITHIN):.1f} s, at the last replica")
        check(not any(revoked in published for published in home.published()), "still published:", home.published())
        for app in home.apps:
            check(not any(app.active(tokens["access_token"]) for tokens in held), "a token of the revoked key is active")
        published = home.published()
        check(published.count(published[0]) == REPLICAS and set(answer["kids"]) <= published[0], "the key sets differ:", published)
        for at, tokens in enumerate(held):
            fresh = home.apps[at].refresh(tokens["refresh_token"]).json()
            check(kid(fresh["access_token"]) in answer["kids"], "signed with", kid(fresh["access_token"]), "new are", answer["kids"])
            check([userinfo(app, fresh) for app in home.apps] == [200] * REPLICAS, "what a replica signs after it is not taken by each")
        home.still_the_same()


def a_new_key_encryption_key_takes_over_under_three_replicas(databases):
    """keys/README.md, step by step: it is mounted, seals, everything is sealed again under it, and the old one is taken away."""
    with Three(databases) as home:
        keys = home.path / "keys"

        def read_again(times):
            for process in home.running:
                process.child.send_signal(signal.SIGHUP)
            for process in home.running:
                until("each has read the keys again", lambda process=process: process.output().count("key-encryption keys read again") == times)

        before = [home.tokens(at) for at in range(REPLICAS)]
        command(home, "keys", "generate-kek", str(keys / "000.kek"))
        read_again(1)
        (keys / "000.kek").rename(keys / "002.kek")
        read_again(2)
        # Sealed by any of them, opened by any of them.
        held = [home.apps[(at + 1) % REPLICAS].refresh(tokens["refresh_token"]).json() for at, tokens in enumerate(before)]
        used = json.loads(command(home, "keys", "check", "--json"))
        check(used["under_older_keys"] > 0 and used["under_no_key"] == 0, "before rewrap:", used)
        done = json.loads(command(home, "keys", "rewrap", "--json"))
        check(all(of["unreadable"] == 0 for of in done["rewrapped"]), done)
        used = json.loads(command(home, "keys", "check", "--json"))
        check(used["under_older_keys"] == 0 and used["under_no_key"] == 0, "after rewrap:", used)
        (keys / "001.kek").unlink()
        read_again(3)
        check(json.loads(command(home, "keys", "check", "--json"))["keys"] == used["keys"][:1], "the old key is still there")
        for at, app in enumerate(home.apps):
            tokens = app.refresh(held[at]["refresh_token"])
            check(tokens.status == 200, "a refresh token of before at replica", at, tokens)
            home.tokens(at)
        # New keys are made under it, and one more replica, which never saw the old one, has them all.
        command(home, "keys", "rotate", "--immediately")
        port = free_port()
        home.start(port=port)
        home.apps.append(Application(home.issuer, Http(port)))
        until("the key sets are one", lambda: len({frozenset(kids) for kids in home.published()}) == 1)
        home.still_the_same()
        code, found = doctor(home)
        check("failed" not in [level for level, _ in found["keys"] + found["signing"]], "the doctor:", found)
        # What others may read is no secret: the doctor says so, and no replica takes it.
        (keys / "002.kek").chmod(0o644)
        code, found = doctor(home)
        check(code == 1 and [level for level, _ in found["keys"]] == ["failed"] and "002.kek" in found["keys"][0][1], "the doctor on an open key:", found)
        late = home.start(port=free_port(), wait=False)
        check(late.child.wait(60) != 0 and "002.kek" in late.output(), "it started with a key that others can read:", late.output())
        (keys / "002.kek").chmod(0o600)
        # And a clock that is wrong, on the machine the doctor is asked on.
        for ahead, level in (("+12s", "warning"), ("-90s", "failed")):
            code, found = doctor(home, LD_PRELOAD=faketime(), FAKETIME=ahead)
            check(level in [found for found, _ in found["clock"]], f"the doctor with a clock {ahead}:", found["clock"])


def guess(home, at, password="not the password"):
    """What a new browser gets for a password, at one replica."""
    browser = Browser(via=home.ports[at])
    page = browser.open(f"{home.issuer}/login")
    form = Form(page.text())
    return browser.request("POST", f"{home.issuer}{form.action or '/login'}", {**form.fields, "email": EMAIL, "password": password})


def guesses_are_counted_together_by_three_replicas_and_through_a_rollout(databases):
    """However many replicas, five wrong passwords in a row are free, also when they come at once; and nobody begins again at a new one."""
    limits = {"VESTIBULE_LIMITS__PASSWORD_PAUSE": "10m", "VESTIBULE_LIMITS__PASSWORD_LONGEST_PAUSE": "10m"}
    with Three(databases, **limits) as home:
        answers = together([lambda at=at: guess(home, at % REPLICAS).status for at in range(12)])
        check(answers.count(422) == 5 and answers.count(429) == 7, "twelve at once, four at each replica:", answers)
        for at in range(REPLICAS):
            check(home.running[at].terminate() == 0, "exit code")
            home.running[at] = home.start(port=home.ports[at])
            for other in range(REPLICAS):
                answer = guess(home, other, "correct horse battery staple")
                check(answer.status == 429 and int(answer.headers["Retry-After"]) > 60, f"replica {at} is new; replica {other}:", answer)
        command(home, "limits", "release", "--account", EMAIL)
        for at in range(REPLICAS):
            answer = guess(home, at, "correct horse battery staple")
            check(answer.status == 303, "after the release, at replica", at, answer)


def what_is_declared_is_so_at_every_replica(databases):
    """As shipped, looking every five seconds: a new application, a changed one, and one that is no longer declared."""
    late = f'\n[[clients]]\nclient_id = "late"\nclient_secret = "{{}}"\ngrant_types = ["client_credentials"]\n'
    other = SECRET[::-1]
    with Three(databases, VESTIBULE_DECLARED__SECRET_OVERLAP="0s") as home:
        def told(secret):
            return lambda app: Application(home.issuer, app.http, "late", secret).token(grant_type="client_credentials").status

        check([told(SECRET)(app) for app in home.apps] == [401] * REPLICAS, "nobody has declared it yet")
        took = []
        home.mount.put(app=DECLARED, late=late.format(SECRET))
        took.append(home.each("the new application gets tokens", lambda app: told(SECRET)(app) == 200, CONVERGED_WITHIN))
        home.mount.put(app=DECLARED, late=late.format(other))
        took.append(home.each("its other secret is taken", lambda app: told(other)(app) == 200, CONVERGED_WITHIN))
        home.each("and the first is not", lambda app: told(SECRET)(app) == 401, 2)
        home.mount.put(app=DECLARED)
        took.append(home.each("it is out", lambda app: told(other)(app) == 401, CONVERGED_WITHIN))
        print(f"          at the last replica after {', '.join(f'{seconds:.1f}' for seconds in took)} s")
        before = command(home, "audit", "list", "--json")
        check("0 would change" in command(home, "plan"), "something is left to do")
        check(command(home, "audit", "list", "--json") == before, "looking wrote something")
        for at in range(REPLICAS):
            home.tokens(at)
        home.still_the_same()


TESTS = [
    a_revoked_key_is_worthless_at_every_replica,
    a_new_key_encryption_key_takes_over_under_three_replicas,
    guesses_are_counted_together_by_three_replicas_and_through_a_rollout,
    what_is_declared_is_so_at_every_replica,
]
