"""`vestibule doctor` with a service that is well, and with everything that can be wrong with one."""

import json
import socket
import subprocess
import threading
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from service import Home, binary, check, free_port


def doctor(home, *arguments, **more):
    """The exit code, and the findings by check."""
    done = subprocess.run(
        [binary(), "doctor", "--json", *arguments], env=home.environment(home.port, **more), cwd=home.path, capture_output=True, text=True, timeout=60
    )
    check(done.stdout, "doctor said nothing:", done.stderr)
    said = json.loads(done.stdout)
    check(said["healthy"] == (done.returncode == 0), "the exit code is not what was found", done.returncode, said)
    for finding in said["findings"]:
        bad = finding["level"] in ("failed", "warning")
        check(bool(finding["why"] and finding["remedy"]) == bad, "advice where it is needed, and nowhere else", finding)
    found = {}
    for finding in said["findings"]:
        found.setdefault(finding["check"], []).append((finding["level"], finding["what"]))
    return done.returncode, found


def levels(found, name):
    return [level for level, _ in found.get(name, [])]


def internal():
    return {"VESTIBULE_SERVER__INTERNAL_LISTEN": f"127.0.0.1:{free_port()}"}


def a_service_that_is_well_is_told_so(databases):
    for database in (None, databases.new()):
        with Home(database=database, settings=internal()) as home:
            home.start()
            code, found = doctor(home)
            check(code == 0, found)
            for name in ("issuer", "certificate", "schema", "keys", "signing", "mail", "memory", "proxy", "clock"):
                check(set(levels(found, name)) == {"ok"}, name, found)
            text = subprocess.run([binary(), "doctor"], env=home.environment(home.port), cwd=home.path, capture_output=True, text=True, timeout=60)
            check(text.returncode == 0 and "0 failed" in text.stdout, text.stdout, text.stderr)
            code, found = doctor(home, "--replicas", "4000")
            check(code == (1 if database else 0), "connections of so many replicas", found)


def what_is_wrong_is_told(_):
    with Home() as home:
        code, found = doctor(home)
        check(code == 1 and levels(found, "database") == ["failed"], found)
        check(not (home.path / "vestibule.db").exists(), "doctor made a database")
        served = home.start()
        code, found = doctor(home, VESTIBULE_SERVER__PUBLIC_URL=f"http://127.0.0.1:{home.port}")
        check(code == 1 and levels(found, "issuer") == ["failed"] and "calls itself" in found["issuer"][0][1], found)
        served.terminate()
        code, found = doctor(home)
        check(code == 1 and levels(found, "issuer") == ["failed"] and levels(found, "schema") == ["ok"], found)
        (home.path / "vestibule.db").chmod(0o644)
        code, found = doctor(home)
        check(levels(found, "files") == ["failed"], found)
        (home.path / "vestibule.db").chmod(0o600)
        code, found = doctor(home, VESTIBULE_KEYS__DIRECTORY=str(home.path / "elsewhere"))
        check(code == 1 and levels(found, "keys") == ["failed"] and not (home.path / "elsewhere").exists(), found)
        code, found = doctor(home, VESTIBULE_LIMITS__ENABLED="false", VESTIBULE_SERVER__TRUSTED_PROXIES="0.0.0.0/0")
        check("warning" in levels(found, "limits") and "failed" in levels(found, "proxy"), found)


class Proxy(BaseHTTPRequestHandler):
    """Passes requests on, and says for whom."""

    def do_GET(self):
        headers = {"host": self.headers["host"], "x-forwarded-for": "203.0.113.9"}
        try:
            answer = urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{self.server.behind}{self.path}", headers=headers), timeout=10)
        except urllib.error.HTTPError as error:
            answer = error
        body = answer.read()
        self.send_response_only(answer.status)
        for name in ("date", "content-type"):
            self.send_header(name, answer.headers[name])
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def a_proxy_that_is_not_trusted_is_told_of(_):
    for trusted, level in (("10.9.9.9", "warning"), ("127.0.0.0/8", "ok")):
        with Home(settings={**internal(), "VESTIBULE_SERVER__TRUSTED_PROXIES": trusted}) as home:
            behind = free_port()
            home.start(behind)
            proxy = ThreadingHTTPServer(("127.0.0.1", home.port), Proxy)
            proxy.behind = behind
            threading.Thread(target=proxy.serve_forever, daemon=True).start()
            code, found = doctor(home)
            proxy.shutdown()
            proxy.server_close()
            check(code == 0 and levels(found, "issuer") == ["ok"] and levels(found, "proxy") == [level], trusted, found)


def the_mail_server_is_tried_without_a_mail(_):
    said = []
    server = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection, connection.makefile("rw", newline="\r\n") as lines:
                lines.write("220 ready\r\n".replace("\r\n", "\n"))
                lines.flush()
                for line in lines:
                    said.append(line.strip().split(" ")[0].upper())
                    lines.write("250 fine\n")
                    lines.flush()

    threading.Thread(target=serve, daemon=True).start()
    smtp = {"VESTIBULE_MAIL__TRANSPORT": "smtp", "VESTIBULE_MAIL__SMTP_HOST": "127.0.0.1", "VESTIBULE_MAIL__SMTP_TLS": "none", "VESTIBULE_MAIL__FROM": "no-reply@example.com"}
    with Home() as home:
        home.start()
        _, found = doctor(home, **smtp, VESTIBULE_MAIL__SMTP_PORT=str(server.getsockname()[1]))
        check(levels(found, "mail") == ["ok"] and "EHLO" in said and "MAIL" not in said, found, said)
        code, found = doctor(home, **smtp, VESTIBULE_MAIL__SMTP_PORT=str(free_port()))
        check(code == 1 and levels(found, "mail") == ["failed"], found)
    server.close()


TESTS = [
    a_service_that_is_well_is_told_so,
    what_is_wrong_is_told,
    a_proxy_that_is_not_trusted_is_told_of,
    the_mail_server_is_tried_without_a_mail,
]
