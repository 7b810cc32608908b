"""What changes while the service runs: settings, secrets, keys, certificates; and what the service manager hears of it."""

import os
import re
import secrets
import signal
import socket
import ssl
import subprocess
import threading
import urllib.request

from backups import Writers, signs_in
from client import DECLARED, Browser
from doctor import doctor
from postgres import Cluster
from service import Home, check, command, free_port, until
from starts import ADVISORY_LOCK, Holding, health
from world import faketime

# It looks every ten seconds.
SEEN_WITHIN = 40.0
OLD, NEW = "an-old-password-of-the-database", "a-new-password-of-the-database"


class Observed(Home):
    """A service with a configuration file and an internal listener."""

    def __init__(self, text, database=None, scheme="http"):
        super().__init__(database, scheme=scheme)
        self.file, self.internal = self.path / "vestibule.toml", free_port()
        self.file.write_text(text)
        self.settings |= {
            "VESTIBULE_CONFIG": str(self.file),
            "VESTIBULE_SERVER__INTERNAL_LISTEN": f"127.0.0.1:{self.internal}",
            "VESTIBULE_LOG__FILTER": "info,access=warn,audit=warn",
        }

    def metric(self, name):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.internal}/metrics", timeout=10) as answer:
            found = re.search(rf"(?m)^{name} ([0-9.e+-]+)$", answer.read().decode())
        return float(found[1]) if found else None

    def title(self):
        return Browser().open(f"{self.issuer}/login").text()


def settings_that_change_take_effect_and_broken_ones_do_not(_databases):
    with Observed('[brand]\nname = "Before"\n') as home:
        home.apply(DECLARED)
        process = home.start()
        check("Before" in home.title(), "the name on the page")
        check(home.metric("vestibule_last_reload_successful") == 1, "the metric of a service that has just started")
        with Writers(home) as writers:
            until("the load runs", lambda: writers.done >= 3, 60)
            for number in range(5):
                home.file.write_text(f'[brand]\nname = "After {number}"\n')
                process.child.send_signal(signal.SIGHUP)
                until("the new name is there", lambda: f"After {number}" in home.title())
            home.file.write_text('[brand]\nnmae = "Broken"\n')
            process.child.send_signal(signal.SIGHUP)
            until("the metric says so", lambda: home.metric("vestibule_last_reload_successful") == 0)
            check("After 4" in home.title(), "a broken configuration changed something")
            check("no such setting" in process.output(), "why is not in the log:", process.output())
            home.file.write_text('[brand]\nname = "Mended"\n[server]\nmax_connections = 7\n')
            # Without a signal too.
            until("the new name is there", lambda: "Mended" in home.title(), SEEN_WITHIN)
            check(home.metric("vestibule_last_reload_successful") == 1, "the metric after it was mended")
            until("what waits is said", lambda: "server.max_connections" in process.output())
        check(not writers.wrong, "while settings changed:", writers.wrong[:3])
        check(process.terminate() == 0, "exit code", process.output())


def swap(directory, files):
    """As Kubernetes does it: a new directory, and one link that leads to it from one moment to the next."""
    new = directory / f"..{secrets.token_hex(4)}"
    new.mkdir()
    for name, content in files.items():
        (new / name).write_text(content)
        if not (directory / name).is_symlink():
            (directory / name).symlink_to(f"..data/{name}")
    (directory / "..new").symlink_to(new.name)
    os.replace(directory / "..new", directory / "..data")


def a_new_database_password_is_used_without_a_restart(_databases):
    with Cluster() as cluster:
        url = cluster.database()
        name = url.rsplit("/", 1)[1]

        def sql(text, database=url):
            cluster_sql(cluster, database, text)

        sql(f"CREATE ROLE app LOGIN PASSWORD '{OLD}'; ALTER DATABASE {name} OWNER TO app; GRANT ALL ON SCHEMA public TO app")
        hba = cluster.path / "data/pg_hba.conf"
        hba.write_text("host all app 127.0.0.1/32 scram-sha-256\n" + hba.read_text())
        sql("SELECT pg_reload_conf()")
        as_app = lambda password: f"postgres://app:{password}@127.0.0.1:{cluster.port}/{name}"  # noqa: E731
        with Observed("", as_app(OLD)) as home:
            mounted = home.path / "mounted"
            mounted.mkdir()
            swap(mounted, {"url": as_app(OLD)})
            del home.settings["VESTIBULE_DATABASE__URL"]
            home.settings["VESTIBULE_DATABASE__URL_FILE"] = str(mounted / "url")
            home.apply(DECLARED)
            process = home.start()
            # Mounted before it is good, as it may happen: refused, and tried again.
            swap(mounted, {"url": as_app(NEW)})
            process.child.send_signal(signal.SIGHUP)
            until("it is refused", lambda: home.metric("vestibule_last_reload_successful") == 0)
            with Writers(home) as writers:
                until("the load runs", lambda: writers.done >= 3, 60)
                sql(f"ALTER ROLE app PASSWORD '{NEW}'")
                process.child.send_signal(signal.SIGHUP)
                until("it is taken", lambda: home.metric("vestibule_last_reload_successful") == 1, SEEN_WITHIN)
                before = writers.done
                until("the load goes on", lambda: writers.done > before + 3, 60)
            check(not writers.wrong, "while the password changed:", len(writers.wrong), "of", writers.done, [str(one)[-300:] for one in writers.wrong[:2]])
            # Every connection there is goes: only the new password opens others.
            sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app'")
            until("it connects with the new password", lambda: works(home), 60)
            # Whoever starts with the old one ends, and finds the new one mounted when it is started again: waiting would not help.
            swap(mounted, {"url": as_app(OLD)})
            late = home.start(port=free_port(), wait=False, VESTIBULE_SERVER__INTERNAL_LISTEN=f"127.0.0.1:{free_port()}")
            check(late.child.wait(60) != 0 and "does not let this service in" in late.output(), "started with the old password:", late.output())
            check(NEW not in process.output() and OLD not in process.output(), "a password is in the log")
            check(process.terminate() == 0, "exit code")


def works(home):
    try:
        signs_in(home)
        return True
    except Exception:
        return False


def cluster_sql(cluster, url, text):
    done = subprocess.run([str(cluster.bin / "psql"), "-qAtXd", url, "-v", "ON_ERROR_STOP=1", "-c", text], capture_output=True, text=True, timeout=60)
    check(done.returncode == 0, "psql:", done.stderr)
    return done.stdout.strip()


def the_key_encryption_key_changes_without_a_restart(_databases):
    with Observed("") as home:
        home.apply(DECLARED)
        process = home.start()
        keys = home.path / "keys"
        new = keys / "000.kek"

        def hangup(what):
            process.child.send_signal(signal.SIGHUP)
            until(what, lambda: process.output().count("key-encryption keys read again") > hangup.seen)
            hangup.seen = process.output().count("key-encryption keys read again")

        hangup.seen = 0
        with Writers(home) as writers:
            until("the load runs", lambda: writers.done >= 3, 60)
            made = os.open(keys / "new", os.O_CREAT | os.O_WRONLY, 0o600)
            os.write(made, secrets.token_hex(32).encode())
            os.close(made)
            os.rename(keys / "new", new)
            hangup("the new key opens")
            os.rename(new, keys / "002.kek")
            hangup("the new key seals")
            # Taken away while something rests under it that a start needs: refused, with its name.
            os.rename(keys / "001.kek", keys / "taken-away")
            process.child.send_signal(signal.SIGHUP)
            until("the metric says so", lambda: home.metric("vestibule_last_reload_successful") == 0)
            check("which is not in keys.directory: bring its file" in process.output(), "why is not in the log:", process.output())
            os.rename(keys / "taken-away", keys / "001.kek")
            process.child.send_signal(signal.SIGHUP)
            until("the metric says so", lambda: home.metric("vestibule_last_reload_successful") == 1)
            command(home, "keys", "rewrap")
            before = writers.done
            until("the load goes on", lambda: writers.done > before + 3, 60)
            # A file that is no key is refused, and what was there stays.
            (keys / "003.kek").write_text("no key")
            process.child.send_signal(signal.SIGHUP)
            until("the metric says so", lambda: home.metric("vestibule_last_reload_successful") == 0)
            (keys / "003.kek").unlink()
        check(not writers.wrong, "while the key changed:", writers.wrong[:3])
        (keys / "001.kek").unlink()
        check(process.terminate() == 0, "exit code")
        home.start()
        signs_in(home)


def certificate(directory, name, ago=0):
    """A key and a certificate of its own, good for two days, made so many days `ago`, in `name.key`, `name.crt`."""
    past = {"LD_PRELOAD": faketime(), "FAKETIME": f"-{ago}d"} if ago else {}
    files = [str(directory / f"{name}.{kind}") for kind in ("key", "crt")]
    made = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", f"/CN={name}",
         "-addext", "subjectAltName=DNS:localhost", "-keyout", files[0], "-out", files[1]], env={**os.environ, **past}, capture_output=True, text=True, timeout=60)
    check(made.returncode == 0, "openssl:", made.stderr)
    return [open(file).read() for file in files]


class Served(Observed):
    """A service that ends TLS itself, with its certificate in a mounted Secret."""

    def __init__(self):
        super().__init__("", scheme="https")
        self.tls = self.path / "tls"
        self.tls.mkdir()
        self.settings |= {"VESTIBULE_SERVER__TLS_KEY": str(self.tls / "tls.key"), "VESTIBULE_SERVER__TLS_CERTIFICATE": str(self.tls / "tls.crt")}

    def mount(self, key, chain):
        swap(self.tls, {"tls.key": key, "tls.crt": chain})

    def served(self):
        return ssl.get_server_certificate(("127.0.0.1", self.port)).strip()


def expiry(chain):
    done = subprocess.run(["openssl", "x509", "-noout", "-enddate"], input=chain, capture_output=True, text=True, timeout=60, check=True)
    return ssl.cert_time_to_seconds(done.stdout.strip().removeprefix("notAfter="))


def a_new_certificate_is_served_and_a_broken_one_is_not(_databases):
    with Served() as home:
        (first_key, first), (second_key, second) = (certificate(home.path, name) for name in ("first", "second"))
        old_key, old = certificate(home.path, "old", ago=9)
        home.mount(first_key, first)
        process = home.start()
        check(home.served() == first.strip(), "the certificate served")
        until_metric = "vestibule_tls_certificate_not_after_timestamp_seconds"
        check(home.metric(until_metric) == expiry(first), "its end in the metrics:", home.metric(until_metric), expiry(first))
        for what, key, chain, said in [
            ("another's key", second_key, first, "is not the key of"),
            ("half a chain", first_key, second[: len(second) // 2], "not a certificate chain in PEM"),
            ("no chain", second_key, "", "tls.crt"),
            ("half a key", second_key[: len(second_key) // 2], second, "not a private key in PEM"),
            ("what has expired", old_key, old, "has expired"),
        ]:
            home.mount(key, chain)
            process.child.send_signal(signal.SIGHUP)
            until(f"{what} is refused", lambda: home.metric("vestibule_last_reload_successful") == 0)
            until(f"why {what} is refused", lambda: said in process.output())
            check(home.served() == first.strip(), f"{what} was taken")
            code, found = doctor(home, VESTIBULE_OUTBOUND__EXTRA_CA_FILE=str(home.path / "first.crt"))
            check(code == 1 and "failed" in [level for level, _ in found["certificate"]], f"the doctor on {what}:", found["certificate"])
            home.mount(first_key, first)
            process.child.send_signal(signal.SIGHUP)
            until("the old pair is good again", lambda: home.metric("vestibule_last_reload_successful") == 1)
        home.mount(second_key, second)
        # Without a signal too.
        until("the new certificate is served", lambda: home.served() == second.strip(), SEEN_WITHIN)
        check(home.metric(until_metric) == expiry(second), "the new one's end in the metrics:", home.metric(until_metric))
        # Dex dropped the settings of TLS with a new certificate (CVE-2024-23656).
        check(refuses(home.port, (3, 1)) and refuses(home.port, (3, 2)) and not refuses(home.port, (3, 3)), "old versions of TLS")
        check(process.terminate() == 0, "exit code")


def refuses(port, version):
    """Whether a ClientHello of this version (RFC 5246 §7.4.1.2) gets the alert protocol_version: TLS 1.0 is (3, 1)."""
    extensions = bytes([0, 10, 0, 4, 0, 2, 0, 23, 0, 13, 0, 4, 0, 2, 4, 3, 0, 11, 0, 2, 1, 0])
    suites = bytes([0xC0, 0x2B, 0xC0, 0x2C, 0xC0, 0x09, 0xC0, 0x0A])
    body = bytes(version) + bytes([7] * 32) + b"\0" + len(suites).to_bytes(2, "big") + suites + b"\1\0" + len(extensions).to_bytes(2, "big") + extensions
    message = b"\1" + len(body).to_bytes(3, "big") + body
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(b"\x16\3\1" + len(message).to_bytes(2, "big") + message)
        answer = connection.recv(4096)
    return answer[:1] == b"\x15" and answer[6:7] == bytes([70])


class Manager:
    """A service manager that keeps what it is told."""

    def __init__(self, path):
        self.path, self.told = path, []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        while True:
            self.told.append(self.socket.recv(4096).decode().split("\n"))

    def heard(self, line):
        return sum(line in message for message in list(self.told))


def the_service_manager_hears_how_things_stand(_databases):
    with Observed("") as home:
        manager = Manager(home.path / "notify")
        settings = {"NOTIFY_SOCKET": str(manager.path), "WATCHDOG_USEC": "400000"}
        process = home.start(**settings)
        until("it is ready", lambda: manager.heard("READY=1") == 1)
        check(manager.heard(f"STATUS=serving {home.issuer}") == 1, "no status:", manager.told)
        ready = next(number for number, message in enumerate(manager.told) if "READY=1" in message)
        migrating = [number for number, message in enumerate(manager.told) if "STATUS=bringing the database schema up to date" in message]
        check(migrating and migrating[0] < ready, "what it did before it was ready:", manager.told)
        beats = manager.heard("WATCHDOG=1")
        asked = [number for number, message in enumerate(manager.told) if "EXTEND_TIMEOUT_USEC=60000000" in message]
        check(asked and asked[0] < ready, "it did not ask for patience before it was ready:", manager.told)
        until("the watchdog is fed", lambda: manager.heard("WATCHDOG=1") > beats + 3)
        process.child.send_signal(signal.SIGHUP)
        until("it is ready again", lambda: manager.heard("READY=1") == 2)
        reloading = [message for message in manager.told if "RELOADING=1" in message]
        check(reloading and any(line.startswith("MONOTONIC_USEC=") for line in reloading[0]), "a reload without its time:", reloading)
        said = process.output()
        check("settings read again: nothing has changed since" in said, "whoever asked is not told that nothing had changed:", said)
        check("settings read again changed" not in said, "nothing had changed, and all was made anew:", said)
        home.file.write_text("nonsense = 1\n")
        process.child.send_signal(signal.SIGHUP)
        until("the failure is told", lambda: manager.heard("STATUS=the new settings cannot be used; the old ones stay"))
        check(process.terminate() == 0, "exit code")
        until("it said that it stops", lambda: manager.heard("STOPPING=1") == 1)


def asked_to_reload_before_it_serves_it_goes_on(databases):
    """A reload is what brings the settings that it waits for."""
    url = databases.new()
    with Holding(url, f"SELECT pg_advisory_lock({ADVISORY_LOCK})") as holding, Observed('[brand]\nname = "Before"\n', url) as home:
        process = home.start(wait=False)
        until("it waits to migrate", lambda: health(home.internal, "ready") == (503, "bringing the database schema up to date"))
        home.file.write_text('[brand]\nname = "After"\n')
        process.child.send_signal(signal.SIGHUP)
        holding.let_go()
        process.wait_until_ready()
        until("the new name is there", lambda: "After" in home.title(), 5)
        check(process.terminate() == 0, "exit code")


TESTS = [
    settings_that_change_take_effect_and_broken_ones_do_not,
    a_new_database_password_is_used_without_a_restart,
    the_key_encryption_key_changes_without_a_restart,
    a_new_certificate_is_served_and_a_broken_one_is_not,
    the_service_manager_hears_how_things_stand,
    asked_to_reload_before_it_serves_it_goes_on,
]
