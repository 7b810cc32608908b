#!/usr/bin/env python3
"""Mail over real SMTP: what arrives, what is refused, what outlives a crash.

    tests/mail/run [--binary PATH] [WORD...]     only tests whose names contain one of the words

Needs the server (`--binary` or `VESTIBULE_BIN`), a Python with requirements.txt, openssl, and PostgreSQL's programs or the address of a server
in `VESTIBULE_TEST_POSTGRES_URL`. The exit code says all.
"""

import argparse
import contextlib
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "processes"), str(HERE.parent / "relying-parties"), str(HERE.parent / "lib")]

import certificates  # noqa: E402
import letters  # noqa: E402
import verdicts  # noqa: E402
from postgres import Databases  # noqa: E402
from server import PASSWORD, USER, Server  # noqa: E402
from service import Home, binary, check, free_port, until  # noqa: E402

ADDRESS = "ana@example.com"
CERTIFICATES = None


def settings(server, **more):
    given = {
        "TRANSPORT": "smtp",
        "FROM": "Acme ID <no-reply@id.example.com>",
        "REPLY_TO": "help@id.example.com",
        "SMTP_HOST": "localhost",
        "SMTP_PORT": str(server.port),
        "SMTP_CA_FILE": str(CERTIFICATES[0]),
        "SMTP_USERNAME": USER,
        "SMTP_PASSWORD": PASSWORD,
        "TIMEOUT": "5s",
        **more,
    }
    return {f"VESTIBULE_MAIL__{name}": value for name, value in given.items() if value is not None}


def mail_test(home, *arguments, **settings):
    """`vestibule mail test`: exit code, what it printed, what it complained about."""
    done = subprocess.run(
        [binary(), "mail", "test", "--json", *arguments], env=home.environment(home.port, **settings), cwd=home.path, capture_output=True, text=True, timeout=120
    )
    return done.returncode, json.loads(done.stdout or "{}"), done.stderr


def refused(home, *arguments, **settings):
    code, printed, complaint = mail_test(home, "--to", ADDRESS, *arguments, **settings)
    check(code != 0 and not printed, "it was sent:", printed)
    return complaint


def every_message_arrives_in_every_language():
    with Server(CERTIFICATES) as server, Home(settings=settings(server)) as home:
        for locale in ("en", "pt-BR", "es"):
            before = len(server.received)
            code, printed, complaint = mail_test(home, "--to", ADDRESS, "--kind", "all", "--locale", locale)
            check(code == 0, complaint)
            arrived = server.received[before:]
            check(len(arrived) == len(printed["sent"]) >= 25, len(arrived), "of", len(printed["sent"]), "arrived")
            check(all(sent["answer"].startswith("250 OK: taken") for sent in printed["sent"]), "answers", printed)
            check(all(received.encrypted and received.user == USER for received in arrived), "sent in the clear or by nobody")
            subjects = [letters.inspect(received, ADDRESS, home.issuer, locale) for received in arrived]
            kinds = [sent["kind"] for sent in printed["sent"]]
            text = letters.parts(arrived[kinds.index("one_time_code")].message)[0]
            check(text.startswith("287082\n") and subjects[kinds.index("one_time_code")].startswith("287082 "), "the code comes first", text)
            check(len({received.message["Message-ID"] for received in server.received}) == len(server.received), "Message-IDs are unique")


def tls_from_the_first_byte():
    with Server(CERTIFICATES, "tls") as server, Home(settings=settings(server, SMTP_TLS="tls")) as home:
        code, _, complaint = mail_test(home, "--to", ADDRESS)
        # It speaks nothing but TLS.
        check(code == 0 and server.received, complaint)


def a_relay_on_this_machine_may_be_spoken_to_in_the_clear():
    plain = {"SMTP_TLS": "none", "SMTP_CA_FILE": None, "SMTP_USERNAME": None, "SMTP_PASSWORD": None}
    with Server(mode="none") as server, Home(settings=settings(server, **plain)) as home:
        code, _, complaint = mail_test(home, "--to", ADDRESS)
        check(code == 0 and not server.received[0].encrypted, complaint)
        elsewhere = refused(home, VESTIBULE_MAIL__SMTP_HOST="smtp.example.com")
        check("mail.smtp_tls" in elsewhere and "starttls" in elsewhere, elsewhere)


def nothing_is_sent_to_a_server_that_nobody_vouches_for():
    with Server(CERTIFICATES) as server, Home(settings=settings(server, SMTP_CA_FILE=None)) as home:
        complaint = refused(home)
        check("certificate" in complaint.lower() and not server.commands, complaint)


def nothing_is_sent_in_the_clear_where_tls_is_asked_for():
    with Server(mode="none") as server, Home(settings=settings(server)) as home:
        complaint = refused(home)
        check("STARTTLS" in complaint and not server.commands, complaint)


def a_wrong_password_is_told_to_the_operator():
    with Server(CERTIFICATES) as server, Home(settings=settings(server, SMTP_PASSWORD="wrong")) as home:
        complaint = refused(home)
        check("535" in complaint and "wrong" not in complaint, complaint)


def nobody_there_is_told_to_the_operator():
    with Home(settings=settings(Server(CERTIFICATES))) as home:
        complaint = refused(home)
        check(f"localhost:{home.settings['VESTIBULE_MAIL__SMTP_PORT']}" in complaint, complaint)


def addresses_of_any_script_are_sent_or_refused_clearly():
    with Server(CERTIFICATES) as server, Home(settings=settings(server)) as home:
        for typed, stored in (("jos\u00e9@b\u00fccher.example", "jos\u00e9@xn--bcher-kva.example"), ("Ana@B\u00fccher.example", "ana@xn--bcher-kva.example")):
            code, _, complaint = mail_test(home, "--to", typed)
            check(code == 0 and server.received[-1].recipients == [stored], complaint, [r.recipients for r in server.received])
    with Server(CERTIFICATES, utf8=False) as server, Home(settings=settings(server)) as home:
        code, _, complaint = mail_test(home, "--to", "jos\u00e9@example.com")
        check(code != 0 and "SMTPUTF8" in complaint, complaint)
        code, _, complaint = mail_test(home, "--to", "not an address")
        check(code != 0 and "not a mail address" in complaint, complaint)


def queue(home, number=1):
    for _ in range(number):
        code, _, complaint = mail_test(home, "--to", ADDRESS, "--queue")
        check(code == 0, complaint)


def states(home):
    """The states of the outbox's rows. `sent` and `failed` are final: nothing is ever sent again that is noted so."""
    select = "SELECT state FROM mails"
    if home.database.startswith("sqlite://"):
        with contextlib.closing(sqlite3.connect(f"file:{home.database.removeprefix('sqlite://')}?mode=ro", uri=True, timeout=30)) as database:
            return sorted(state for (state,) in database.execute(select))
    done = subprocess.run(["psql", "-qXtAd", home.database, "-c", select], capture_output=True, text=True, timeout=60)
    check(done.returncode == 0, "psql failed:", done.stderr)
    return sorted(done.stdout.split())


def noted(home, *expected):
    until(f"the outbox says {expected}", lambda: states(home) == sorted(expected), 60)


def an_outage_of_the_mail_server_loses_nothing():
    port = free_port()
    down = Server(CERTIFICATES, port=port)
    with Home(settings=settings(down)) as home:
        process = home.start()
        queue(home, 2)
        until("the first attempts fail", lambda: process.output().count("mail not sent") >= 2)
        with Server(CERTIFICATES, port=port) as server:
            until("both mails arrive", lambda: len(server.received) == 2, 60)
            noted(home, "sent", "sent")
            check(len(server.received) == 2, "sent again:", len(server.received))


def a_server_that_is_busy_is_asked_again():
    with Server(CERTIFICATES) as server, Home(settings=settings(server)) as home:
        process = home.start()
        server.data = "451 4.3.2 come back later"
        queue(home)
        until("the first attempt fails", lambda: "451" in process.output())
        server.data = None
        until("the mail arrives", lambda: server.received, 60)


def a_refused_recipient_is_given_up_at_once():
    with Server(CERTIFICATES) as server, Home(settings={**settings(server), "VESTIBULE_LOG__FILTER": "warn,audit=info"}) as home:
        process = home.start()
        server.rcpt = "550 5.1.1 nobody of that name"
        queue(home)
        until("the event of a mail given up", lambda: "mail.failed" in process.output())
        noted(home, "failed")
        check(len(server.commands) == 1, "asked again:", server.commands)
        check(ADDRESS not in "".join(line for line in process.output().splitlines() if "mail.failed" in line), "the event names the recipient")


def a_refusal_of_ourselves_is_not_final():
    """The operator mends the password, and what waited arrives."""
    with Server(CERTIFICATES) as server, Home(settings=settings(server)) as home:
        process = home.start()
        server.locked = True
        queue(home)
        until("the first attempt fails", lambda: "535" in process.output())
        server.locked = False
        until("the mail arrives", lambda: server.received, 60)


def a_mail_outlives_kill_9(database):
    """The server has the message and has not said yes when the process dies: it is sent again, as the same message."""
    with Server(CERTIFICATES) as server, Home(database, settings(server)) as home:
        process = home.start()
        server.hold.set()
        queue(home)
        until("the message is under way", server.held.is_set)
        process.kill()
        server.hold.clear()
        home.start()
        until("the mail arrives after the crash", lambda: server.received, 60)
        noted(home, "sent")
        check(len(server.received) == 1, "arrived", len(server.received), "times")
        ids = [taken.message["Message-ID"] for taken in [*server.unanswered, *server.received]]
        check(len(ids) == 2 and len(set(ids)) == 1, "another message than the one before the crash:", ids)


def a_mail_outlives_kill_9_on_sqlite(_databases):
    a_mail_outlives_kill_9(None)


def a_mail_outlives_kill_9_on_postgresql(databases):
    a_mail_outlives_kill_9(databases.new())


def of_two_processes_one_sends(database):
    with Server(CERTIFICATES) as server, Home(database, settings(server)) as home:
        home.start()
        home.start(port=free_port())
        queue(home, 5)
        noted(home, *["sent"] * 5)
        ids = [received.message["Message-ID"] for received in server.received]
        check(len(ids) == len(set(ids)) == 5, "sent more than once:", ids)


def of_two_processes_one_sends_on_sqlite(_databases):
    of_two_processes_one_sends(None)


def of_two_processes_one_sends_on_postgresql(databases):
    of_two_processes_one_sends(databases.new())


TESTS = [
    every_message_arrives_in_every_language,
    tls_from_the_first_byte,
    a_relay_on_this_machine_may_be_spoken_to_in_the_clear,
    nothing_is_sent_to_a_server_that_nobody_vouches_for,
    nothing_is_sent_in_the_clear_where_tls_is_asked_for,
    a_wrong_password_is_told_to_the_operator,
    nobody_there_is_told_to_the_operator,
    addresses_of_any_script_are_sent_or_refused_clearly,
    an_outage_of_the_mail_server_loses_nothing,
    a_server_that_is_busy_is_asked_again,
    a_refused_recipient_is_given_up_at_once,
    a_refusal_of_ourselves_is_not_final,
]
ON_EACH_DATABASE = [
    a_mail_outlives_kill_9_on_sqlite,
    a_mail_outlives_kill_9_on_postgresql,
    of_two_processes_one_sends_on_sqlite,
    of_two_processes_one_sends_on_postgresql,
]


def main():
    global CERTIFICATES
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--binary")
    arguments.add_argument("words", nargs="*")
    given = arguments.parse_args()
    if given.binary:
        os.environ["VESTIBULE_BIN"] = str(Path(given.binary).resolve())
    verdicts.end_tidily()
    binary()
    tests, on_each = verdicts.wanted(TESTS, given.words), verdicts.wanted(ON_EACH_DATABASE, given.words)
    with tempfile.TemporaryDirectory(prefix="vestibule-mail-") as directory, Databases() as databases:
        CERTIFICATES = certificates.make(Path(directory))
        failed = verdicts.run(tests) + verdicts.run(on_each, databases)
    return verdicts.summary(len(tests) + len(on_each), failed)


if __name__ == "__main__":
    sys.exit(main())
