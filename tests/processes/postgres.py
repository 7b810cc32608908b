"""Databases on a throwaway PostgreSQL: the given one, or a cluster of our own that can be stopped and started."""

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from service import check, free_port


def _bin():
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    check(found, "PostgreSQL is not installed (apt-get install postgresql)")
    return found[-1]


class Cluster:
    """A cluster of our own, durable as in production, unless `more` options say otherwise."""

    def __init__(self, more=""):
        self.bin, self.more = _bin(), more
        self.path = Path(tempfile.mkdtemp(prefix="vestibule-cluster-"))
        # PostgreSQL refuses to run as root: then the user its package made runs it.
        self.prefix = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if self.prefix:
            shutil.chown(self.path, "postgres")
        self.port = free_port()
        self.url = f"postgres://vestibule@127.0.0.1:{self.port}/postgres"
        self._run("initdb", "--no-sync", "-D", str(self.path / "data"), "-U", "vestibule", "-A", "trust", "-E", "UTF8", "--locale=C")
        self.start()

    def _run(self, program, *arguments):
        done = subprocess.run(
            [*self.prefix, str(self.bin / program), *arguments], cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=120
        )
        check(done.returncode == 0, program, "failed:", done.stderr.decode(errors="replace"))

    def start(self):
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.path} -c fsync=on -c max_connections=200 {self.more}"
        self._run("pg_ctl", "-D", str(self.path / "data"), "-l", str(self.path / "log"), "-w", "-o", options, "start")

    def stop(self, mode="immediate"):
        self._run("pg_ctl", "-D", str(self.path / "data"), "-m", mode, "-w", "stop")

    def freeze(self):
        """Stops every process of the cluster where it stands: connections stay open, and nobody answers."""
        self._signal(signal.SIGSTOP)

    def thaw(self):
        self._signal(signal.SIGCONT)

    def _signal(self, number):
        postmaster = int((self.path / "data/postmaster.pid").read_text().split()[0])
        # The postmaster first, so that it starts no more.
        os.kill(postmaster, number)
        for pid in Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split():
            os.kill(int(pid), number)

    def database(self):
        return create_database(self.url)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.stop()
        except Exception:  # stopped already
            pass
        shutil.rmtree(self.path, ignore_errors=True)


def create_database(url):
    """A new, empty database at this server; its URL."""
    name = f"vestibule_{secrets.token_hex(6)}"
    done = subprocess.run(["psql", "-qXd", url, "-c", f"CREATE DATABASE {name}"], capture_output=True, text=True, timeout=60)
    check(done.returncode == 0, "CREATE DATABASE failed:", done.stderr)
    return urlsplit(url)._replace(path=f"/{name}").geturl()


class Databases:
    """New databases at `VESTIBULE_TEST_POSTGRES_URL`, or at a cluster made when the first is asked for."""

    def __init__(self):
        self._given = os.environ.get("VESTIBULE_TEST_POSTGRES_URL")
        self._cluster = None

    def server(self):
        if not self._given and self._cluster is None:
            self._cluster = Cluster("-c fsync=off")
        return self._given or self._cluster.url

    def new(self):
        return create_database(self.server())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._cluster is not None:
            self._cluster.__exit__()
