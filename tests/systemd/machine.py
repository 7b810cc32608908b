"""A systemd of its own, in namespaces of its own (`boot` says how), and commands in there."""

import os
import signal
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "processes")]

from service import check, until  # noqa: E402


class NotHere(Exception):
    """This machine lets nobody make such namespaces."""


class Machine:
    def __init__(self, stage):
        self.stage = Path(stage)
        self._log = self.stage / "boot.log"

    def __enter__(self):
        self._group = control_group()
        command = ["unshare", "--mount", "--pid", "--fork", "--uts", "--ipc", "--cgroup", "--kill-child", HERE / "boot", self.stage]
        with open(self._log, "wb") as log:
            self._unshare = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, preexec_fn=lambda: join(self._group)
            )
        try:
            until("booting, or the reason why not", lambda: (self.stage / "booting").exists() or self._unshare.poll() is not None)
            if self._unshare.poll() is not None:
                raise NotHere(self._log.read_text().strip() or f"unshare: exit code {self._unshare.returncode}")
            children = Path(f"/proc/{self._unshare.pid}/task/{self._unshare.pid}/children")
            (self._first,) = children.read_text().split()
            until("systemd has started", lambda: self.run("systemctl", "is-system-running", fails=None).stdout.strip() in ("running", "degraded"))
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self._unshare.poll() is None:
            # Process 1 takes all of its namespace along.
            os.kill(self._unshare.pid, signal.SIGKILL)
        self._unshare.wait()
        for directory, _, _ in os.walk(self._group, topdown=False):
            until(f"{directory} is empty", lambda directory=directory: removed(directory))

    def run(self, *command, fails=False, **options):
        """Runs a command in there. `fails`: whether it must; None: whatever comes."""
        inside = ["nsenter", "--target", self._first, "--mount", "--pid", "--cgroup", "--uts", "--ipc", "--root", "--wd", "--"]
        done = subprocess.run([*inside, *command], capture_output=True, text=True, timeout=120, **options)
        check(fails is None or fails == bool(done.returncode), *command, "ended with", done.returncode, done.stdout, done.stderr)
        return done

    def shell(self, text):
        done = self.run("bash", "-euc", f"cd /srv\n{text}", fails=None)
        check(not done.returncode, text, "ended with", done.returncode, done.stderr, self.journal()[-1500:])
        return done

    def main_process(self):
        """The id of the service's main process, in there."""
        main = self.unit("MainPID")
        check(main != "0", "the service has no process:", self.unit("ActiveState"), self.journal()[-1000:])
        return main

    def unit(self, *names):
        """What systemd says of the service."""
        shown = self.run("systemctl", "show", "vestibule", f"--property={','.join(names)}").stdout
        said = dict(line.split("=", 1) for line in shown.splitlines())
        return said[names[0]] if len(names) == 1 else [said[name] for name in names]

    def journal(self):
        self.run("journalctl", "--sync")
        return self.run("journalctl", "--unit=vestibule", "--no-pager", "--output=cat").stdout


def control_group():
    """A new one, below the root of the second version's hierarchy."""
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        if after.startswith("cgroup2 "):
            group = Path(before.split()[4]) / f"vestibule-tests-{os.getpid()}"
            try:
                group.mkdir()
            except OSError as refused:
                raise NotHere(str(refused)) from refused
            return group
    raise NotHere("there is no cgroup2 here")


def join(group):
    (group / "cgroup.procs").write_text(str(os.getpid()))


def removed(directory):
    try:
        os.rmdir(directory)
    except OSError:
        return False
    return True
