"""People who sign in and applications that work, without a pause, through a load balancer. Who meets an error tries once more."""

import http.client
import threading
import time

from client import Browser, Http
from service import Failed, check

# Who sees an error tries again so many seconds later: at once when something broke, as the answer says or in a while when nobody was there.
AT_ONCE, IN_A_WHILE = 1.0, 5.0
PASSWORD = "a passphrase of these people"


class Unserved(Exception):
    """An answer that a load balancer or a service in need gives: try again, `after` so many seconds."""

    def __init__(self, what, after):
        super().__init__(what)
        self.after = after


def served(answer):
    if answer.status in (502, 503, 504):
        after = answer.headers.get("Retry-After") or (AT_ONCE if answer.status == 502 else IN_A_WHILE)
        raise Unserved(f"{answer.url.partition('?')[0]}: {answer.status}", float(after))
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
