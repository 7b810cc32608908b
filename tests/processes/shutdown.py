"""SIGTERM under load: what was begun is finished."""

import http.client
import socket
import threading
import time

from client import DECLARED, Answer, Application, Browser, Http
from service import Failed, Home, check, until

# Slow enough that some sign-ins are certainly under way when the signal comes.
SLOW_HASHING = {
    "VESTIBULE_PASSWORD__MEMORY_KIB": "65536",
    "VESTIBULE_PASSWORD__ITERATIONS": "6",
    "VESTIBULE_PASSWORD__HASH_THREADS": "1",
    "VESTIBULE_PASSWORD__HASH_DEADLINE": "20s",
    "VESTIBULE_SERVER__DRAIN_TIMEOUT": "25s",
}
# A request that was written this long before the signal has reached the server.
SURELY_THERE = 0.3


class Load(threading.Thread):
    """Repeats one call until the server is gone, and keeps when each began and how it ended."""

    def __init__(self, call):
        super().__init__(daemon=True)
        self.call, self.done, self.cut = call, 0, None

    def run(self):
        while True:
            began = time.monotonic()
            try:
                answer = self.call()
                if answer.status != 200:
                    self.cut = (began, answer)
                    return
                self.done += 1
            except (OSError, http.client.HTTPException) as error:
                self.cut = (began, error)
                return


class SignIn(threading.Thread):
    def __init__(self, browser, page):
        super().__init__(daemon=True)
        self.browser, self.page, self.result = browser, page, None

    def run(self):
        try:
            # The redirect is the answer that counts; where it leads is closed by then.
            self.result = self.browser.sign_in(self.page, stop=lambda url: True)
        except Exception as error:
            self.result = error


def sigterm_under_load_cuts_no_request_and_ends_with_0(_databases):
    with Home() as home:
        home.apply(DECLARED)
        home.settings |= SLOW_HASHING
        process = home.start()
        app = Application(home.issuer, Http(home.port, timeout=60))
        browsers = [Browser() for _ in range(4)]
        pages = [browser.open(f"{home.issuer}/login") for browser in browsers]
        loads = [Load(call) for call in (refreshing(app), refreshing(app), lambda: app.http.get("/jwks"), lambda: app.token(
            grant_type="client_credentials"))]
        for load in loads:
            load.start()
        until("the load runs", lambda: all(load.done >= 20 for load in loads), 60)
        sign_ins = [SignIn(browser, page) for browser, page in zip(browsers, pages)]
        for sign_in in sign_ins:
            sign_in.start()
        sent = time.monotonic()
        until("the sign-ins have arrived", lambda: time.monotonic() - sent > SURELY_THERE)
        under_way = sum(sign_in.is_alive() for sign_in in sign_ins)
        check(under_way > 0, "hashing is too fast for this test")

        signalled = time.monotonic()
        process.child.terminate()
        until("readiness says no", lambda: process.ready_status() != 200)
        code = process.child.wait(30)
        took = time.monotonic() - signalled
        check(code == 0, "exit code", code, process.output())
        check(took < 25, "took", took, "s")

        for thread in [*loads, *sign_ins]:
            thread.join(30)
            check(not thread.is_alive(), "a client hangs")
        for sign_in in sign_ins:
            check(isinstance(sign_in.result, Answer) and sign_in.result.status == 303, "a sign-in was cut:", repr(sign_in.result))
        for load in loads:
            began, how = load.cut
            check(not isinstance(how, http.client.IncompleteRead), "an answer was cut in the middle:", how)
            check(not isinstance(how, Answer), "an answer while draining:", how)
            check(began > signalled - SURELY_THERE, "a request that was under way was cut:", repr(how), signalled - began, "s before")
        print(f"          {under_way} sign-ins under way, {sum(load.done for load in loads)} other requests, stopped after {took:.1f} s")


def refreshing(app):
    """A client that always refreshes with its newest token."""
    kept = {"token": None}
    answer = app.redeem(*app.code(Browser()))
    check(answer.status == 200, "redeem:", answer)
    kept["token"] = answer.json()["refresh_token"]

    def call():
        answer = app.refresh(kept["token"])
        if answer.status == 200:
            kept["token"] = answer.json()["refresh_token"]
        return answer

    return call


class Callers(threading.Thread):
    """Makes a new connection for every request, until one fails: `cut` is when that one had been sent, and what came instead."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port, self.done, self.cut = port, 0, None

    def run(self):
        sent = None
        try:
            while True:
                sent = None
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
                connection.request("GET", "/jwks")
                sent = time.monotonic()
                connection.getresponse().read()
                connection.close()
                self.done += 1
        except (OSError, http.client.HTTPException) as error:
            self.cut = (sent, error)


def what_was_sent_before_sigterm_is_answered_even_on_connections_not_yet_read(_databases):
    """A rolling update costs nobody a request: the signal closes neither the backlog nor a connection whose request is on its way."""
    lost = []
    for _ in range(5):
        with Home() as home:
            process = home.start()
            callers = [Callers(home.port) for _ in range(8)]
            for caller in callers:
                caller.start()
            until("the load runs", lambda: all(caller.done >= 10 for caller in callers))
            signalled = time.monotonic()
            check(process.terminate() == 0, "exit code")
            for caller in callers:
                caller.join(30)
                sent, error = caller.cut
                if sent is not None and sent < signalled:
                    lost.append(f"{(signalled - sent) * 1000:.1f} ms before: {error!r}")
    check(not lost, len(lost), "requests sent before the signal were not answered, of 5 times 8 callers:", ", ".join(lost))


def an_idle_connection_does_not_hold_up_the_stop(_databases):
    with Home(settings={"VESTIBULE_SERVER__DRAIN_TIMEOUT": "50s"}) as home:
        process = home.start()
        idle = Http(home.port)
        check(idle.get("/health/live").status == 200, "not live")
        began = time.monotonic()
        check(process.terminate() == 0, "exit code")
        took = time.monotonic() - began
        if took > 20:
            raise Failed(f"took {took:.1f} s with one idle connection")


def a_request_that_never_ends_is_given_the_drain_timeout_and_no_more(_databases):
    with Home(settings={"VESTIBULE_SERVER__DRAIN_TIMEOUT": "2s"}) as home:
        process = home.start()
        with socket.create_connection(("127.0.0.1", home.port)) as stuck:
            head = "POST /token HTTP/1.1", "Host: localhost", "Content-Type: application/x-www-form-urlencoded", "Content-Length: 99"
            stuck.sendall("\r\n".join([*head, "", "grant"]).encode())
            until("the server has it", lambda: Http(home.port).get("/health/live").status == 200)
            began = time.monotonic()
            check(process.terminate() == 0, "exit code", process.output())
            took = time.monotonic() - began
        check(took < 2 + 15, "took", f"{took:.1f} s with a drain timeout of 2 s")


TESTS = [
    sigterm_under_load_cuts_no_request_and_ends_with_0,
    what_was_sent_before_sigterm_is_answered_even_on_connections_not_yet_read,
    an_idle_connection_does_not_hold_up_the_stop,
    a_request_that_never_ends_is_given_the_drain_timeout_and_no_more,
]
