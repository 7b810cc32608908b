"""What may be used once is used once, however many browsers and replicas try in the same moment."""

import base64
import email
import email.policy
import hashlib
import hmac
import re
import secrets
import struct
import time
from urllib.parse import urlsplit

from client import DECLARED, Browser, together
from service import Home, check, command, free_port, until

AT_ONCE = 16
PERSON = "bea@example.com"
PASSWORD = "a horse of another colour"


def totp(secret, at):
    """RFC 6238 with SHA-1, six digits and 30 seconds, from the standard library alone."""
    digest = hmac.digest(base64.b32decode(secret), struct.pack(">Q", int(at) // 30), "sha1")
    start = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[start:start + 4])[0] & 0x7FFFFFFF) % 1_000_000:06}"


def pbkdf2_hash(password):
    salt, rounds = secrets.token_hex(8), 1000
    digest = hashlib.pbkdf2_hmac("sha256", password.encode(), salt.encode(), rounds)
    return f"pbkdf2_sha256${rounds}${salt}${base64.b64encode(digest).decode()}"


class Replicas:
    """Two processes on one database, and browsers that a load balancer leads to either in turn."""

    def __init__(self, databases, **settings):
        self.home = Home(databases.new(), settings)

    def __enter__(self):
        self.home.apply(DECLARED)
        other = free_port()
        for process in [self.home.start(wait=False), self.home.start(port=other, wait=False)]:
            process.wait_until_ready()
        self.ports = [self.home.port, other]
        return self

    def __exit__(self, *_):
        self.home.__exit__()

    def browsers(self):
        return [Browser(via=self.ports[at % 2]) for at in range(AT_ONCE)]

    def open(self, browser, path):
        return browser.open(f"{self.home.issuer}{path}")


def signed_in(replicas, browser):
    return urlsplit(replicas.open(browser, "/account").url).path == "/account"


def one_totp_code_used_sixteen_times_at_once_signs_in_once(databases):
    """OWASP ASVS 5 §6.5.1: sixteen browsers know the password and the code of this half minute; one comes in."""
    secret = base64.b32encode(secrets.token_bytes(20)).decode()
    with Replicas(databases) as replicas:
        people = replicas.home.path / "people.csv"
        people.write_text(f"email,email_verified,password_hash,totp_secret\n{PERSON},true,{pbkdf2_hash(PASSWORD)},{secret}\n")
        command(replicas.home, "user", "import", str(people))
        browsers = replicas.browsers()
        pages = [browser.sign_in(replicas.open(browser, "/login"), email=PERSON, password=PASSWORD) for browser in browsers]
        for page in pages:
            check(urlsplit(page.url).path == "/login/code", "not asked for the code:", page.url, page)
        code = totp(secret, time.time())
        together([lambda browser=browser, page=page: browser.submit(page, code=code) for browser, page in zip(browsers, pages)])
        came_in = [browser for browser in browsers if signed_in(replicas, browser)]
        check(len(came_in) == 1, "browsers that came in with one code:", len(came_in))


def one_reset_link_used_sixteen_times_at_once_changes_one_password(databases):
    """Sixteen browsers have opened the link (which uses nothing up), each with a password of its own; one password is the new one."""
    with Replicas(databases) as replicas:
        mails = replicas.home.path / "mails"
        home = replicas.home
        for process in home.processes:
            process.terminate()
        home.settings |= {"VESTIBULE_MAIL__TRANSPORT": "file", "VESTIBULE_MAIL__DIRECTORY": str(mails)}
        for port in replicas.ports:
            home.start(port=port)
        asking = Browser()
        asking.submit(replicas.open(asking, "/password/reset"), email="alice@example.com")
        link = until("the mail with the link is there", lambda: link_in(mails))
        browsers = replicas.browsers()
        pages = [browser.open(link) for browser in browsers]
        for page in pages:
            check(urlsplit(page.url).path == "/password/reset/finish", "the link does not lead to the new password:", page.url, page)
        chosen = [f"a new horse number {number} of {secrets.token_hex(4)}" for number in range(AT_ONCE)]
        answers = together([
            lambda browser=browser, page=page, password=password: browser.submit(
                page, new_password=password, new_password_confirmation=password
            )
            for browser, page, password in zip(browsers, pages, chosen)
        ])
        won = [at for at, answer in enumerate(answers) if getattr(answer, "status", None) == 200]
        check(len(won) == 1, "browsers that were told of success:", len(won), answers)
        # Two of the losers stand for all: more wrong passwords would meet the limit of guesses, not the reset.
        losers = [at for at in range(AT_ONCE) if at not in won][:2]
        for at in [*won, *losers]:
            browser = Browser(via=replicas.ports[at % 2])
            browser.sign_in(replicas.open(browser, "/login"), password=chosen[at])
            check(signed_in(replicas, browser) == (at in won), "password", at, "of", won, "is accepted or refused wrongly")


def link_in(directory):
    for file in directory.glob("*.eml") if directory.is_dir() else []:
        message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
        found = re.search(r"http://\S+/password/reset\S+", message.get_body(("plain",)).get_content())
        if found:
            return found.group(0)
    return None


TESTS = [
    one_totp_code_used_sixteen_times_at_once_signs_in_once,
    one_reset_link_used_sixteen_times_at_once_changes_one_password,
]
