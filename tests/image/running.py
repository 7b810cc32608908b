"""The image run: what it does where it may do nothing else."""

import json
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "processes"))

from neighbours import MailServer, NameServer, WebServer  # noqa: E402
from service import free_port, until  # noqa: E402

# As the image has it; and as OpenShift would have it: any user, in group 0.
USERS = [(65532, 65532), (1_000_660_000, 0)]


def get(port, path):
    """The status and the text, or nothing when nobody answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, ""
    except OSError:
        return None, ""


class Served:
    """`serve` with the image's own defaults: SQLite and keys below /data, on loopback because the network is the machine's."""

    def __init__(self, given, user=USERS[0], **more):
        self.port = free_port()
        self.environment = {
            "VESTIBULE_SERVER__LISTEN": f"127.0.0.1:{self.port}",
            "VESTIBULE_PASSWORD__MEMORY_KIB": "64",
            "VESTIBULE_PASSWORD__ITERATIONS": "1",
        } | more
        self.log = given.directory / f"log-{self.port}"
        self.began = time.monotonic()
        with open(self.log, "w") as log:
            self.container = given.bundle.start("serve", environment=self.environment, user=user, output=log)

    def __enter__(self):
        self.container.__enter__()
        try:
            until("discovery is served", self.answers, 30)
        except Exception:
            self.__exit__()
            raise AssertionError(self.log.read_text()) from None
        return self

    def answers(self):
        if self.container.process.poll() is not None:
            raise AssertionError("it ended")
        return get(self.port, "/.well-known/openid-configuration")[0] == 200

    def __exit__(self, *_):
        self.container.__exit__()


def it_serves_as_any_user_with_no_right_at_all(given):
    for uid, gid in USERS:
        with Served(given, (uid, gid)) as served:
            seconds = time.monotonic() - served.began
            discovery = json.loads(get(served.port, "/.well-known/openid-configuration")[1])
            assert discovery["issuer"] == f"http://localhost:{served.port}", discovery
            status = served.container.status()
            print(f"         as {uid}:{gid}: discovery after {seconds:.2f} s, {int(status['VmRSS'].split()[0]) / 1024:.0f} MiB resident")
            assert status["Uid"].split() == [str(uid)] * 4 and status["Gid"].split() == [str(gid)] * 4, status
            assert all(int(status[name], 16) == 0 for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")), status
            assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2"), status
            mounts = Path(f"/proc/{served.container.pid}/mountinfo").read_text().splitlines()
            root = next(line.split() for line in mounts if line.split()[4] == "/")
            assert "ro" in root[5].split(","), root
            # Two seconds is what is promised; a busy machine is given more before this is called a fault.
            assert seconds < 10, seconds


def its_health_check_needs_no_shell(given):
    with Served(given) as served:
        asked = served.container.execute("healthcheck")
        assert asked.returncode == 0 and "ready" in asked.stdout, asked.stdout + asked.stderr
    code, text = given.bundle.run("healthcheck", environment=served.environment)
    assert code != 0 and "does not answer" in text, text


def asked_to_end_it_says_so_then_drains_and_ends_with_0(given):
    with Served(given, VESTIBULE_SERVER__DRAIN_DELAY="2s") as served:
        assert get(served.port, "/health/ready")[0] == 200
        served.container.stop()
        until("readiness says no", lambda: get(served.port, "/health/ready")[0] == 503, 10)
        assert get(served.port, "/.well-known/openid-configuration")[0] == 200, "it serves on while proxies learn of it"
        assert served.container.process.wait(30) == 0, served.log.read_text()


def operators_commands_work_without_a_shell(given):
    data = [{"destination": "/data", "type": "bind", "source": str(given.data), "options": ["rbind", "rw", "nosuid", "nodev", "noexec"]}]

    def done(*arguments):
        code, text = given.bundle.run(*arguments, user=USERS[1], mounts=data)
        assert code == 0, f"{arguments}: {text}"
        return text

    done("config", "check")
    done("migrate", "up")
    status = done("migrate", "status").splitlines()
    assert status and all(line.startswith("applied ") for line in status), status
    done("keys", "list")
    done("user", "add", "you@example.com", "--administrator", "--generate-password")
    assert "you@example.com" in done("user", "list")
    done("templates", "check")
    made = {str(path.relative_to(given.data)) for path in given.data.rglob("*") if path.is_file()}
    assert "data/vestibule.db" in made, made


def a_mistake_is_named_and_ends_with_another_code(given):
    code, text = given.bundle.run("serve", environment={"VESTIBULE_SERVER__LISTN": "0.0.0.0:8080"})
    assert code != 0 and "VESTIBULE_SERVER__LISTEN" in text, text
    # Where nothing may be written: a volume was forgotten.
    nowhere = [{"destination": "/data", "type": "tmpfs", "source": "tmpfs", "options": ["ro", "mode=755", "size=64k"]}]
    code, text = given.bundle.run("serve", environment={"VESTIBULE_SERVER__LISTEN": f"127.0.0.1:{free_port()}"}, mounts=nowhere)
    assert code != 0 and "Read-only file system" in text, text


def names_are_resolved_and_tls_is_spoken_in_an_empty_root(given):
    """What a static C library is suspected of: names by /etc/resolv.conf and by /etc/hosts, then TLS with an authority of ours, by way of a mail."""
    port, name = free_port(), "smtp.name-service.example"
    names, mail = NameServer(name), MailServer(name, port, given.directory)
    files = {"resolv.conf": f"nameserver {names.address}\n", "hosts": f"127.0.0.1 localhost\n127.0.0.1 hosts.{name}\n"}
    mounts = [bind(given, f"/etc/{file}", text) for file, text in files.items()] + [bind(given, "/etc/mail-ca.pem", mail.ca.read_text())]
    environment = {
        "VESTIBULE_MAIL__TRANSPORT": "smtp",
        "VESTIBULE_MAIL__SMTP_HOST": name,
        "VESTIBULE_MAIL__SMTP_PORT": str(port),
        "VESTIBULE_MAIL__SMTP_TLS": "tls",
        "VESTIBULE_MAIL__SMTP_CA_FILE": "/etc/mail-ca.pem",
        "VESTIBULE_MAIL__FROM": "vestibule@example.com",
    }

    def send(**more):
        return given.bundle.run("mail", "test", "--to", "you@example.com", environment=environment | more, mounts=mounts)

    try:
        code, text = send()
        assert code == 0, text
        assert name in names.asked and mail.received, (names.asked, mail.received)
        # By /etc/hosts the server is found too; its certificate is for the other name.
        code, text = send(VESTIBULE_MAIL__SMTP_HOST=f"hosts.{name}")
        assert code != 0 and "certificate" in text.lower(), text
        code, text = send(VESTIBULE_MAIL__SMTP_HOST="unknown.example")
        assert code != 0 and "unknown.example" in names.asked, text
    finally:
        names.close()
        mail.close()


def calls_believe_whom_the_operator_says_or_else_the_list_in_the_program(given):
    """By way of `doctor`, which calls the service's own public name, and says what it found."""
    port, name = free_port(), "id.authorities.example"
    web = WebServer(name, port, given.directory)
    authority, hosts = web.ca.read_text(), bind(given, "/etc/hosts", f"127.0.0.1 localhost\n127.0.0.1 {name}\n")
    url = f"https://{name}:{port}"

    def doctor(*mounts, **more):
        _, text = given.bundle.run("doctor", "--json", environment={"VESTIBULE_SERVER__PUBLIC_URL": url} | more, mounts=[hosts, *mounts])
        found = {finding["check"]: finding["what"] for finding in json.loads(text[text.index("{") :])["findings"]}
        return found["authorities"], found["issuer"]

    bundle, elsewhere = bind(given, "/etc/ssl/certs/ca-certificates.crt", authority), bind(given, "/etc/authority.pem", authority)
    try:
        believed, reached = doctor()
        assert "from this program" in believed and int(believed.split()[0]) > 100, believed
        assert "UnknownIssuer" in reached, reached
        for mount, more, origin in [
            (bundle, {}, "1 authorities, from this machine"),
            (elsewhere, {"SSL_CERT_FILE": "/etc/authority.pem"}, "1 authorities, from SSL_CERT_FILE"),
            (elsewhere, {"VESTIBULE_OUTBOUND__EXTRA_CA_FILE": "/etc/authority.pem"}, "from this program"),
        ]:
            believed, reached = doctor(mount, **more)
            assert origin in believed, (origin, believed)
            assert "answered 200 OK and no discovery document" in reached, (origin, reached)
        believed, reached = doctor(bundle, SSL_CERT_FILE="/nowhere.pem")
        assert "/nowhere.pem" in believed and "/nowhere.pem" in reached, (believed, reached)
        code, text = given.bundle.run("serve", environment={"VESTIBULE_SERVER__LISTEN": f"127.0.0.1:{free_port()}", "SSL_CERT_FILE": "/nowhere.pem"})
        assert code != 0 and "SSL_CERT_FILE" in text and "/nowhere.pem" in text, text
    finally:
        web.close()


def bind(given, destination, text):
    source = given.directory / destination.replace("/", "_")
    source.write_text(text)
    source.chmod(0o444)
    return {"destination": destination, "type": "bind", "source": str(source), "options": ["rbind", "ro", "nosuid", "nodev", "noexec"]}


TESTS = [
    it_serves_as_any_user_with_no_right_at_all,
    its_health_check_needs_no_shell,
    asked_to_end_it_says_so_then_drains_and_ends_with_0,
    operators_commands_work_without_a_shell,
    a_mistake_is_named_and_ends_with_another_code,
    names_are_resolved_and_tls_is_spoken_in_an_empty_root,
    calls_believe_whom_the_operator_says_or_else_the_list_in_the_program,
]
