"""What people and applications do to the service while it is killed: every kind of write, each kept with what was acknowledged of it, and after
the crash held against what the service knows.

An act is sent, and then acknowledged, or cut off. What was acknowledged stands; what was used once is used; what was cut off happened wholly or
not at all.
"""

import email
import email.policy
import http.client
import json
import random
import re
import threading
import time
from collections import Counter
from urllib.parse import urlsplit

from client import Browser, error_of
from service import Failed, check, command, until
from single_use import pbkdf2_hash, totp

OLD_PASSWORD = "an old horse of the field"


class World:
    """What the acts of all rounds share: the service, the people nobody has used yet, and how often what was sent and acknowledged."""

    def __init__(self, home, app, people):
        self.home, self.app = home, app
        self.mails = home.path / "mails"
        self._people = iter(people)
        self._lock = threading.Lock()
        self.sent, self.acknowledged = Counter(), Counter()
        # The process was killed: nothing is waited for any more.
        self.over = threading.Event()
        # How long a mail may take, in seconds.
        self.patience = 60
        # Once a round: what is made stays published.
        self.between_rotations = 600

    @staticmethod
    def import_people(home, count):
        """`count` people with `OLD_PASSWORD`, brought along with a hash of another product; their addresses."""
        people, hashed = [f"person-{number}@example.com" for number in range(count)], pbkdf2_hash(OLD_PASSWORD)
        file = home.path / "people.csv"
        file.write_text("email,email_verified,password_hash\n" + "".join(f"{person},true,{hashed}\n" for person in people))
        command(home, "user", "import", str(file))
        return people

    def seat(self):
        """A browser in which Alice, whom the applications serve, is signed in."""
        browser = Browser()
        self.send("sign_in.succeeded")
        self.app.code(browser)
        self.done("sign_in.succeeded")
        return browser

    def somebody(self):
        with self._lock:
            return next(self._people)

    def send(self, event):
        """About to ask for something that the audit log names `event`."""
        with self._lock:
            self.sent[event] += 1

    def done(self, event):
        with self._lock:
            self.acknowledged[event] += 1

    def sign_in(self, browser, person, password):
        """Sends the password, and does not follow to where that leads; whether it was right."""
        self.send("sign_in.succeeded")
        answer = browser.sign_in(browser.open(f"{self.home.issuer}/login"), stop=lambda url: True, email=person, password=password)
        check(answer.status in (303, 422), "signing in:", answer)
        return answer.status == 303

    def path_of(self, browser, page):
        return urlsplit(browser.open(f"{self.home.issuer}{page}").url).path

    def mail(self, person, wanted):
        """The first mail to this person in whose text `wanted` is found; what was found."""
        for file in self.mails.glob("*.eml") if self.mails.is_dir() else []:
            message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
            if person in str(message["To"]):
                found = re.search(wanted, message["Subject"] + "\n" + message.get_body(("plain",)).get_content())
                if found:
                    return found.group(0)
        return None


class Act(threading.Thread):
    """Does one thing again and again until the service is gone, and holds what is left of it afterwards. `kind` names it in figures."""

    kind = ""

    def __init__(self, world, seed):
        super().__init__(daemon=True)
        self.world, self.random = world, random.Random(f"{seed}-{self.kind}")
        self.entries, self.acknowledged, self.problem = [], 0, None

    def run(self):
        try:
            while not self.world.over.is_set():
                self.one()
        except (OSError, http.client.HTTPException):
            return  # the crash
        except StopIteration:
            return  # nobody is left for it: it has done enough
        except Exception as problem:
            self.problem = problem

    def acknowledge(self, event=None):
        self.acknowledged += 1
        if event:
            self.world.done(event)

    def one(self):
        raise NotImplementedError

    def hold(self, entry):
        """Raises `Failed` when what the service knows of this entry is not what it acknowledged."""
        raise NotImplementedError

    def cut(self, entry):
        """Whether the entry was left with an answer that never came."""
        return False

    def problems(self):
        """Of every entry that does not hold, what is wrong with it."""
        found = []
        for entry in self.entries:
            try:
                self.hold(entry)
            except Failed as failed:
                found.append(f"{self.kind}: {failed}")
        return found


def refused(answer, what):
    check(answer.status == 400 and error_of(answer) == "invalid_grant", what, answer)


class Entry:
    """Anything an act keeps: its fields, and `state`."""

    def __init__(self, **fields):
        self.__dict__.update(fields)


class Profiles(Act):
    """A person renames themselves, again and again: the last name that was acknowledged stands, or the one under way."""

    kind = "profiles"

    def one(self):
        if not self.entries:
            person, browser = self.world.somebody(), Browser()
            check(self.world.sign_in(browser, person, OLD_PASSWORD), "the password of", person)
            self.entries.append(Entry(browser=browser, last=None, next=None))
        entry = self.entries[0]
        page = entry.browser.open(f"{self.world.home.issuer}/account/profile")
        entry.next = f"Number {self.acknowledged + 1}"
        self.world.send("user.profile_changed")
        answer = entry.browser.submit(page, stop=lambda url: True, to="/account/profile", name=entry.next)
        check(answer.status == 303, "renaming:", answer)
        entry.last, entry.next = entry.next, None
        self.acknowledge("user.profile_changed")

    def cut(self, entry):
        return entry.next is not None

    def hold(self, entry):
        entry.browser.close()
        page = entry.browser.open(f"{self.world.home.issuer}/account/profile").text()
        names = [name for name in (entry.last, entry.next) if name]
        check(not names or any(f'value="{name}"' in page for name in names), "of the names", names, "none stands")


class Visitors(Act):
    """Sign-ins in new browsers, half of which log out again."""

    kind = "sessions"

    def one(self):
        # Fifty browsers at most are signed in for one person.
        if len(self.entries) % 30 == 0:
            self.person = self.world.somebody()
        entry = Entry(browser=Browser(), state="coming", cookies=None)
        self.entries.append(entry)
        check(self.world.sign_in(entry.browser, self.person, OLD_PASSWORD), "the password of", self.person)
        entry.state, entry.cookies = "in", {port: dict(jar) for port, jar in entry.browser.cookies.items()}
        self.acknowledge("sign_in.succeeded")
        if self.random.random() < 0.5:
            return
        page = entry.browser.open(f"{self.world.home.issuer}/account")
        entry.state = "leaving"
        self.world.send("session.signed_out")
        answer = entry.browser.submit(page, stop=lambda url: True, to="/account/logout")
        check(answer.status == 303, "logging out:", answer)
        entry.state = "out"
        self.acknowledge("session.signed_out")

    def cut(self, entry):
        return entry.state in ("coming", "leaving")

    def hold(self, entry):
        if entry.state == "coming":
            return
        browser = Browser()
        # As it was before logging out: what was ended is over for whoever kept the cookie, too.
        browser.cookies = entry.cookies
        signed_in = self.world.path_of(browser, "/account") == "/account"
        check(signed_in or entry.state != "in", "a session that was acknowledged is gone")
        check(not signed_in or entry.state != "out", "a session that was logged out of lives again")


class Forgetful(Act):
    """Forgotten passwords: a mail, its link, a new password."""

    kind = "resets"
    LINK = r"http://\S+/password/reset/finish\S+"

    def one(self):
        entry = Entry(person=self.world.somebody(), state="asking", link=None, password=f"a new horse {self.random.random()}")
        self.entries.append(entry)
        browser = Browser()
        page = browser.open(f"{self.world.home.issuer}/password/reset")
        self.world.send("password_reset.requested")
        answer = browser.submit(page, stop=lambda url: True, email=entry.person)
        check(answer.status == 303, "asking for a new password:", answer)
        entry.state = "asked"
        self.acknowledge("password_reset.requested")
        while not self.world.over.is_set() and not entry.link:
            entry.link = self.world.mail(entry.person, self.LINK)
            time.sleep(0.02)
        if entry.link:
            self.change(entry)
            self.acknowledge("password_reset.done")

    def change(self, entry):
        browser = Browser()
        page = browser.open(entry.link)
        check(page.status == 200, "the link:", page)
        entry.state = "changing"
        self.world.send("password_reset.done")
        answer = browser.submit(page, stop=lambda url: True, new_password=entry.password, new_password_confirmation=entry.password)
        check(answer.status == 303, "the new password:", answer)
        entry.state = "changed"

    def cut(self, entry):
        return entry.state in ("asking", "changing")

    def hold(self, entry):
        if entry.state == "asking":
            return
        entry.link = entry.link or until("the mail with the link arrives", lambda: self.world.mail(entry.person, self.LINK), self.world.patience)
        if entry.state == "asked":
            self.change(entry)
            self.world.done("password_reset.done")
        page = Browser().open(entry.link)
        check(page.status in (200, 410), "the link:", page)
        check(page.status == 410 or entry.state != "changed", "a link that was used can be used again")
        if page.status == 200:
            # It did not happen, so nothing of it did.
            check(self.world.sign_in(Browser(), entry.person, OLD_PASSWORD), "an unused link, and the old password is gone")
            self.change(entry)
            self.world.done("password_reset.done")
        check(self.world.sign_in(Browser(), entry.person, entry.password), "the new password is not that of", entry.person)
        until("the person is told of it", lambda: self.world.mail(entry.person, "(?i)password was changed"), self.world.patience)


class Enrolments(Act):
    """An authenticator app is set up, and its recovery codes are used."""

    kind = "factors"

    def one(self):
        entry = Entry(person=self.world.somebody(), state="new", codes=[], used=[], sent=None)
        self.entries.append(entry)
        browser = Browser()
        check(self.world.sign_in(browser, entry.person, OLD_PASSWORD), "the password of", entry.person)
        page = browser.submit(browser.open(f"{self.world.home.issuer}/account/authentication"), to="/account/authentication/totp/new")
        secret = re.search(r"([A-Z2-7]{4} ?){8}", re.sub("<[^>]*>", "", page.text()))
        check(secret, "no secret on", page.url, page)
        entry.state = "enabling"
        self.world.send("totp.enabled")
        page = browser.submit(page, to="/account/authentication/totp", code=totp(secret.group(0).replace(" ", ""), time.time()))
        entry.codes = re.findall(r"<li><code[^>]*>([A-Z2-7-]+)</code>", page.text())
        check(len(entry.codes) == 10, "no recovery codes on", page.url, page)
        entry.state = "enabled"
        self.acknowledge("totp.enabled")
        for code in entry.codes[:2]:
            entry.sent = code
            check(self.use(entry, code), "a recovery code is refused")
            entry.used.append(code)
            entry.sent = None
            self.acknowledge()

    def use(self, entry, code):
        """Signs in with a recovery code; whether it was taken."""
        browser = Browser()
        check(self.world.sign_in(browser, entry.person, OLD_PASSWORD), "the password of", entry.person)
        page = browser.open(f"{self.world.home.issuer}/login/recovery-code")
        check(page.url.endswith("/login/recovery-code"), "not asked for a second factor:", page.url)
        self.world.send("recovery_code.used")
        answer = browser.submit(page, stop=lambda url: True, code=code)
        check(answer.status in (303, 422), "a recovery code:", answer)
        if answer.status == 303:
            self.world.done("recovery_code.used")
        return answer.status == 303

    def cut(self, entry):
        return entry.state == "enabling" or entry.sent is not None

    def hold(self, entry):
        if entry.state != "enabled":
            return
        if entry.used:
            check(not self.use(entry, entry.used[-1]), "a recovery code was taken twice")
        if entry.sent:
            self.use(entry, entry.sent)
            check(not self.use(entry, entry.sent), "a recovery code with a cut answer was taken twice afterwards")
        check(self.use(entry, entry.codes[-1]), "a recovery code that nobody used is refused")


class Rotations(Act):
    """New signing keys by command, while the service is killed."""

    kind = "keys"

    def one(self):
        kids = json.loads(command(self.world.home, "keys", "rotate", "--json"))["kids"]
        self.entries.append(Entry(kids=kids))
        self.acknowledge()
        self.world.over.wait(self.world.between_rotations)

    def hold(self, entry):
        published = {key["kid"] for key in self.world.app.http.get("/jwks").json()["keys"]}
        check(published.issuperset(entry.kids), "keys that were made are not published")
