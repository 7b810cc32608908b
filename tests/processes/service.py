"""One real server process, and the throwaway directory it lives in."""

import os
import random
import signal
import socket
import ssl
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PASSWORD = "correct horse battery staple"
EMAIL = "alice@example.com"
SECRET = "a-secret-of-these-tests-and-of-nothing-else"

# The cheapest hashing that is accepted on a loopback http issuer, and no limits: these tests are about something else.
FAST = {
    "VESTIBULE_PASSWORD__MEMORY_KIB": "64",
    "VESTIBULE_PASSWORD__ITERATIONS": "1",
    "VESTIBULE_LIMITS__ENABLED": "false",
    "VESTIBULE_LOG__FILTER": "warn",
}
# A slow machine is no overload: nothing is answered 503 because of it.
PATIENT = {
    "VESTIBULE_PASSWORD__HASH_DEADLINE": "30s",
    "VESTIBULE_DATABASE__ACQUIRE_TIMEOUT": "30s",
    "VESTIBULE_DATABASE__STATEMENT_TIMEOUT": "30s",
    "VESTIBULE_SERVER__REQUEST_TIMEOUT": "60s",
}
# As in production, for tests that are about that.
IMPATIENT = {
    "VESTIBULE_DATABASE__ACQUIRE_TIMEOUT": "3s",
    "VESTIBULE_DATABASE__STATEMENT_TIMEOUT": "5s",
    "VESTIBULE_SERVER__REQUEST_TIMEOUT": "15s",
}


class Failed(AssertionError):
    """What a test found."""


def check(condition, *what):
    if not condition:
        raise Failed(" ".join(str(part) for part in what))


def until(what, condition, seconds=60.0):
    """Polls `condition` until it is true and returns what it returned. Patience costs nothing but when it fails."""
    deadline = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise Failed(f"still not after {seconds:g} s: {what}")
        time.sleep(0.02)


_given_ports = set()


def free_port():
    """A port that nothing listens on, and that was not given before. Below those the kernel gives to outgoing connections, or one of these could
    have it a moment later."""
    first_outgoing = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    while True:
        port = random.randrange(10_000, max(first_outgoing, 20_000))
        if port in _given_ports:
            continue
        with socket.socket() as found:
            # As a server binds: what the last one on this port left behind is no obstacle.
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                found.bind(("127.0.0.1", port))
            except OSError:
                continue
            _given_ports.add(port)
            return port


def binary():
    path = Path(os.environ.get("VESTIBULE_BIN") or ROOT / "target/debug/vestibule").resolve()
    if not os.access(path, os.X_OK):
        raise SystemExit(f"there is no server at {path}: build it, or name it by --binary or VESTIBULE_BIN")
    return str(path)


class Home:
    """What the processes of one service share: the database, the keys, the issuer, the declared clients and people."""

    def __init__(self, database=None, settings=None, scheme="http"):
        self._directory = tempfile.TemporaryDirectory(prefix="vestibule-test-")
        self.path = Path(self._directory.name)
        self.port = free_port()
        self.issuer = f"{scheme}://localhost:{self.port}"
        self.database = database or f"sqlite://{self.path}/vestibule.db"
        self.settings = {
            "VESTIBULE_SERVER__PUBLIC_URL": self.issuer,
            "VESTIBULE_DATABASE__URL": self.database,
            "VESTIBULE_KEYS__DIRECTORY": str(self.path / "keys"),
            **PATIENT,
            **(FAST if scheme == "http" else {}),
            **(settings or {}),
        }
        self.processes = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.kill()
        self._directory.cleanup()

    def environment(self, port, **more):
        bare = {name: value for name, value in os.environ.items() if not name.startswith("VESTIBULE_")}
        return {**bare, **self.settings, "VESTIBULE_SERVER__LISTEN": f"127.0.0.1:{port}", **more}

    def apply(self, declared):
        """`vestibule apply`: brings clients and people in."""
        file = self.path / "declared.toml"
        file.write_text(declared)
        command(self, "apply", str(file))

    def start(self, port=None, wait=True, program=None, **more):
        """A process of this service: of the program under test, or of another version of it."""
        process = Process(self, port or self.port, more, program or binary())
        self.processes.append(process)
        if wait:
            process.wait_until_ready()
        return process


def command(home, *arguments, stdin=None):
    done = subprocess.run(
        [binary(), *arguments], env=home.environment(home.port), cwd=home.path, input=stdin, capture_output=True, text=True, timeout=120
    )
    check(done.returncode == 0, "vestibule", *arguments, "ended with", done.returncode, done.stdout, done.stderr)
    return done.stdout


class Process:
    def __init__(self, home, port, settings, program):
        self.home = home
        self.port = port
        self.program = program
        self.log = home.path / f"log-{port}-{len(home.processes)}.txt"
        with self.log.open("wb") as log:
            self.child = subprocess.Popen(
                [program, "serve"], env=home.environment(port, **settings), cwd=home.path, stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )

    def wait_until_ready(self, seconds=60.0):
        def ready():
            check(self.child.poll() is None, "the server ended with", self.child.returncode, "\n" + self.output())
            return self.ready_status() == 200

        try:
            until(f"the server on port {self.port} is ready", ready, seconds)
        except Failed as failed:
            raise Failed(f"{failed}\n{self.output()}") from None

    def ready_status(self):
        """Status of `/health/ready`; 0 when nothing answers."""
        scheme = "https" if self.home.issuer.startswith("https") else "http"
        # Which process answers is known by its port; its certificate is checked by the tests that are about TLS.
        context = ssl._create_unverified_context() if scheme == "https" else None
        try:
            with urllib.request.urlopen(f"{scheme}://127.0.0.1:{self.port}/health/ready", timeout=10, context=context) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def output(self):
        return self.log.read_text(errors="replace")[-8000:]

    def terminate(self, seconds=60.0):
        """SIGTERM; the exit code."""
        self.child.send_signal(signal.SIGTERM)
        return self.child.wait(seconds)

    def kill(self):
        """SIGKILL, and nothing left behind."""
        if self.child.poll() is None:
            self.child.kill()
        self.child.wait(30)
