"""The profile of PostgreSQL in front of a real one: the Jobs and the pods in their order, and who the server is."""

import json
import os
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import restricted
from engine import examples
from program import Pod, Serving, certificate, mounted, ready, run


def pods_wait_for_the_job_that_migrates_and_then_share_everything(chart):
    values = examples()["ingress"]
    with fresh_database() as url, tempfile.TemporaryDirectory() as directory:
        places = [Path(directory) / name for name in ("early", "migrate", "one", "two")]
        for place in places:
            place.mkdir()
        early, migrate, one, two = places
        try:
            with Serving(chart, values, early, url=url):
                raise SystemError("it started on an empty database")
        except AssertionError as refused:
            assert "vestibule migrate up" in str(refused), refused
        assert job(chart, values, "migrate", migrate, url)["applied"]
        with Serving(chart, values, one, url=url) as first, Serving(chart, values, two, url=url) as second:
            for served in (first, second):
                ready(chart, served, {client["client_id"] for client in values["clients"]})
            keys = [served.get("/jwks") and served.body for served in (first, second)]
            assert keys[0] == keys[1] and '"kid"' in keys[0], keys


def job(chart, values, name, directory, url):
    """What the Job's container does, as JSON."""
    objects = chart.objects(values)
    spec = next(spec for kind, spec in restricted.pods(objects) if kind.startswith(f"Job/vestibule-{name}"))
    pod = Pod(objects, spec, directory)
    pod.materialise(spec["containers"][0])
    environment = pod.environment(spec["containers"][0])
    mounted(environment, url)
    code, out, err = run(chart, [*pod.arguments(spec["containers"][0]), "--json"], environment)
    assert code == 0, err
    return json.loads(out)


@contextmanager
def fresh_database():
    url = os.environ["VESTIBULE_TEST_POSTGRES_URL"]
    name = f"chart_{os.getpid()}"
    sql(url, f"CREATE DATABASE {name}")
    try:
        yield url.rsplit("/", 1)[0] + "/" + name
    finally:
        sql(url, f"DROP DATABASE {name} WITH (FORCE)")


def the_database_server_is_known_by_its_authority(chart):
    url = os.environ["VESTIBULE_TEST_POSTGRES_URL"]
    objects = chart.objects(examples()["postgres"])
    spec = next(spec for name, spec in restricted.pods(objects) if name.startswith("Deployment"))
    container = spec["containers"][0]
    with tempfile.TemporaryDirectory() as directory, speaking_tls(url) as authority:
        pod = Pod(objects, spec, directory)
        pod.materialise(container)
        environment = pod.environment(container)
        mounted(environment, url)
        trusted = Path(directory) / "etc/vestibule/database-ca/ca.crt"
        trusted.chmod(0o600)
        trusted.write_text(authority)
        code, out, err = run(chart, ["migrate", "status"], environment)
        assert code == 0 and "pending" in out, err
        trusted.write_text(certificate())
        code, _, err = run(chart, ["migrate", "status"], environment)
        assert code != 0 and "certificate" in err, f"another authority was accepted: {err}"
        # And it is this that asked for TLS at all.
        trusted.write_text(authority)
        with without_tls(url):
            code, _, err = run(chart, ["migrate", "status"], environment)
            assert code != 0, "it went on without TLS"


def sql(url, *statements):
    commands = [part for statement in statements for part in ("-c", statement)]
    done = subprocess.run(["psql", "-qAtX", "-v", "ON_ERROR_STOP=1", *commands, url], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@contextmanager
def speaking_tls(url):
    """The server with a certificate of an authority of our own, which is returned. Afterwards as before."""
    owner = os.stat(sql(url, "SHOW config_file")) if os.getuid() == 0 else None
    with tempfile.TemporaryDirectory() as directory:
        authority = issue(Path(directory), urlsplit(url).hostname)
        os.chmod(directory, 0o755)
        if owner:
            os.chown(Path(directory) / "server.key", owner.st_uid, owner.st_gid)
        settings = {"ssl_cert_file": f"'{directory}/server.crt'", "ssl_key_file": f"'{directory}/server.key'", "ssl": "on"}
        try:
            sql(url, *(f"ALTER SYSTEM SET {name} = {value}" for name, value in settings.items()), "SELECT pg_reload_conf()")
            wait_until(lambda: sql(url, "SHOW ssl") == "on")
            yield authority
        finally:
            sql(url, *(f"ALTER SYSTEM RESET {name}" for name in settings), "SELECT pg_reload_conf()")
            wait_until(lambda: sql(url, "SHOW ssl") == "off")


@contextmanager
def without_tls(url):
    sql(url, "ALTER SYSTEM SET ssl = off", "SELECT pg_reload_conf()")
    wait_until(lambda: sql(url, "SHOW ssl") == "off")
    yield


def wait_until(condition):
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "PostgreSQL did not take its new settings"
        time.sleep(0.05)


def issue(directory, host):
    """An authority, and a certificate of it for `host`."""
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    openssl(directory, "req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.crt", "-subj", "/CN=Authority", "-days", "2")
    openssl(directory, "req", "-new", *key, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=database")
    kind = "IP" if host.replace(".", "").isdigit() else "DNS"
    (directory / "names").write_text(f"subjectAltName={kind}:{host}\nextendedKeyUsage=serverAuth\n")
    signed = ["-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "names", "-days", "2"]
    openssl(directory, "x509", "-req", "-in", "server.csr", "-out", "server.crt", *signed)
    (directory / "server.key").chmod(0o600)
    return (directory / "ca.crt").read_text()


def openssl(directory, *arguments):
    subprocess.run(["openssl", *arguments], cwd=directory, check=True, capture_output=True)


TESTS = [
    pods_wait_for_the_job_that_migrates_and_then_share_everything,
    the_database_server_is_known_by_its_authority,
]
