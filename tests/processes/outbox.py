"""Back-channel logout survives what happens to the process that owes it."""

import base64
import http.server
import json
import socket
import threading
from urllib.parse import parse_qs

from client import CALLBACK, DECLARED, Application, Browser, Http
from service import SECRET, Home, check, free_port, until


class Receiver:
    """An application's back-channel logout endpoint; answers `status`, keeps what it was sent."""

    def __init__(self, port, status=200):
        self.tokens = received = []
        self.headers = headers = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                headers.append(dict(self.headers))
                received.append(claims(form["logout_token"][0]))
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()


def claims(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def notified(home, port):
    """Declares an application that is told of logouts at this port, and signs somebody in to it."""
    home.apply(f"""{DECLARED}
[[clients]]
client_id = "told"
client_secret = "{SECRET}"
first_party = true
redirect_uris = ["{CALLBACK}"]
backchannel_logout_uri = "http://localhost:{port}/logout"
backchannel_logout_session_required = true
""")
    browser = Browser()
    app = Application(home.issuer, Http(home.port), "told")
    tokens = app.redeem(*app.code(browser))
    check(tokens.status == 200, "signing in:", tokens)
    return browser, claims(tokens.json()["id_token"])["sid"]


def log_out(home, browser):
    browser.close()
    done = browser.submit(browser.open(f"{home.issuer}/account"))
    check(done.status == 200, "logging out:", done)


SETTINGS = {"VESTIBULE_OUTBOUND__ALLOWED_NETWORKS": "127.0.0.0/8,::1/128"}


def a_logout_notice_outlives_kill_9(database):
    port = free_port()
    with Home(database, SETTINGS) as home:
        process = home.start()
        browser, sid = notified(home, port)
        with Receiver(port, 503) as broken:
            log_out(home, browser)
            until("a first attempt is made", lambda: broken.tokens)
            # A write that is acknowledged after it: by then its failure has most likely been noted. If not, the lease has to run out.
            notified(home, port)
            process.kill()
        with Receiver(port) as receiver:
            home.start()
            until("the notice arrives after the crash", lambda: receiver.tokens, 90)
            check(receiver.tokens[0]["sid"] == sid, "the notice:", receiver.tokens)


def a_logout_notice_outlives_kill_9_on_sqlite(_databases):
    a_logout_notice_outlives_kill_9(None)


def a_logout_notice_outlives_kill_9_on_postgresql(databases):
    a_logout_notice_outlives_kill_9(databases.new())


def of_two_processes_one_sends_the_logout_notice(databases):
    port, other = free_port(), free_port()
    with Home(databases.new(), SETTINGS) as home, Receiver(port) as receiver:
        home.start()
        home.start(port=other)
        for number in range(3):
            browser, sid = notified(home, port)
            log_out(home, browser)
            until("the notice arrives", lambda: len(receiver.tokens) > number)
            check([token["sid"] for token in receiver.tokens].count(sid) == 1, "sent more than once:", receiver.tokens)
        jtis = {token["jti"] for token in receiver.tokens}
        check(len(jtis) == 3, "logout tokens are not unique:", receiver.tokens)


def an_application_that_hangs_does_not_hold_up_the_stop(_databases):
    """The notice it has not answered is given up for now; the process ends in time."""
    with socket.create_server(("127.0.0.1", 0)) as silent, Home(settings={**SETTINGS, "VESTIBULE_SERVER__DRAIN_TIMEOUT": "8s"}) as home:
        process = home.start()
        browser, _ = notified(home, silent.getsockname()[1])
        log_out(home, browser)
        silent.settimeout(15)
        connection, _ = silent.accept()
        with connection:
            check(process.terminate(20) == 0, "exit code", process.output())


TESTS = [
    a_logout_notice_outlives_kill_9_on_sqlite,
    a_logout_notice_outlives_kill_9_on_postgresql,
    of_two_processes_one_sends_the_logout_notice,
    an_application_that_hangs_does_not_hold_up_the_stop,
]
