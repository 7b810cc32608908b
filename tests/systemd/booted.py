#!/usr/bin/env python3
"""The documentation of docs/systemd.md, followed under a real systemd: installed, started, re-read, killed, hung, stopped.

    tests/systemd/booted.py --binary PATH [WORD...]

With words, only tests whose names contain one of them (the first always). Needs root; everything happens in namespaces and in memory, but the two ports on
loopback. Where the machine lets nobody make such namespaces, it says so and the exit code is 3.
"""

import argparse
import re
import shutil
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tests" / "lib"), str(ROOT / "tests" / "processes")]

import verdicts  # noqa: E402
from client import Browser  # noqa: E402
from machine import Machine, NotHere  # noqa: E402
from service import check, free_port, until  # noqa: E402

DOCUMENTED = (ROOT / "docs" / "systemd.md").read_text()
UNIT = "/etc/systemd/system/vestibule.service"
CONFIGURATION = "/etc/vestibule/vestibule.toml"


class Given:
    """The machine, where its service listens, and the browser of the administrator."""

    def __init__(self, machine, issuer):
        self.machine, self.issuer, self.browser = machine, issuer, Browser()


def documented(language):
    return re.findall(rf"(?ms)^```{language}\n(.*?)^```", DOCUMENTED)


def it_is_installed_as_documented(given):
    given.machine.shell(documented("sh")[0])
    state, sub, status = given.machine.unit("ActiveState", "SubState", "StatusText")
    check((state, sub) == ("active", "running") and status == f"serving {given.issuer}", state, sub, status)
    check(given.browser.open(f"{given.issuer}/login").status == 200, "it does not serve")


def the_first_administrator_signs_in(given):
    made = given.machine.shell(documented("sh")[1])
    (password,) = re.findall(r"(?m)^\s*(?:password|Password)\S*\s+(\S+)$", made.stdout) or [made.stdout]
    page = given.browser.sign_in(given.browser.open(f"{given.issuer}/account"), email="you@example.com", password=password)
    check(page.status == 200 and "you@example.com" in page.text(), page.url, page)


def it_may_do_nothing_else(given):
    main = given.machine.main_process()
    status = dict(line.split(":\t", 1) for line in given.machine.run("cat", f"/proc/{main}/status").stdout.splitlines())
    account = given.machine.run("id", "--user", "vestibule").stdout.strip()
    check(set(status["Uid"].split()) == {account}, "user", status["Uid"])
    check((status["NoNewPrivs"], status["Seccomp"]) == ("1", "2"), "privileges", status["NoNewPrivs"], "seccomp", status["Seccomp"])
    check(all(int(status[name], 16) == 0 for name in ("CapEff", "CapPrm", "CapBnd", "CapAmb")), "capabilities", status["CapEff"], status["CapBnd"])
    # Root, seeing what the service sees: what it may not write because of its mounts, nobody may.
    seen = ["nsenter", "--target", main, "--mount", "--"]
    for path in ("/usr/local/bin/other", CONFIGURATION, "/etc/passwd", "/srv/new"):
        refused = given.machine.run(*seen, "touch", path, fails=True)
        check("Read-only file system" in refused.stderr, path, refused.stderr)
    check(given.machine.run(*seen, "ls", "/home", "/root", fails=None).stdout.split() == ["/home:", "/root:"], "homes are seen")
    modes = given.machine.run("stat", "--format=%a %U", "/var/lib/vestibule", "/var/lib/vestibule/vestibule.db", "/var/lib/vestibule/keys/001.kek").stdout
    check(modes.split() == ["700", "vestibule", "600", "vestibule", "600", "vestibule"], modes)


def settings_are_read_again(given):
    main = given.machine.main_process()
    given.machine.shell(f"sed -i 's/^format = .*/&\\nfilter = \"debug\"/' {CONFIGURATION}; systemctl reload vestibule")
    until("the journal says so", lambda: "settings read again" in given.machine.journal())
    given.machine.run("systemctl", "reload", "vestibule")
    until("the journal says that there was nothing", lambda: "settings read again: nothing has changed since" in given.machine.journal())
    check(given.machine.main_process() == main, "another process")


def a_killed_service_comes_back_and_nobody_is_signed_out(given):
    main = given.machine.main_process()
    given.machine.run("kill", "-KILL", main)
    back(given, main)
    signed_in(given)


def a_service_that_hangs_is_restarted(given):
    extended(given, "[Service]\nWatchdogSec=2\n")
    main = given.machine.main_process()
    given.machine.run("kill", "-STOP", main)
    back(given, main)
    said = given.machine.run("journalctl", "--unit=vestibule", "--unit=init.scope", "--no-pager", "--output=cat").stdout
    check("Watchdog timeout" in said, "the journal says nothing of the watchdog")
    signed_in(given)


def secrets_come_as_credentials(given):
    """The two examples of the unit file, switched on."""
    given.machine.shell(f"""
        install -d -m 0700 /etc/vestibule/secrets
        printf 'sqlite:///var/lib/vestibule/moved.db' >/etc/vestibule/secrets/database-url
        printf 'hunter2' >/etc/vestibule/secrets/smtp-password
        sed -i '/^url = /d' {CONFIGURATION}
        printf '\\n[mail]\\ntransport = "smtp"\\nsmtp_username = "vestibule"\\n' >>{CONFIGURATION}
        systemctl stop vestibule; cp -a /var/lib/vestibule/vestibule.db /var/lib/vestibule/moved.db
        sed -i -E 's/^#(LoadCredential|Environment)=/\\1=/' {UNIT}
        systemctl daemon-reload; systemctl start vestibule
    """)
    signed_in(given)
    main = given.machine.main_process()
    open_files = given.machine.shell(f"readlink /proc/{main}/fd/*").stdout
    check("/var/lib/vestibule/moved.db" in open_files, open_files)
    given.machine.run("runuser", "--user", "nobody", "--", "cat", "/etc/vestibule/secrets/smtp-password", fails=True)


def a_mistake_in_the_configuration_is_told_and_touches_nothing(given):
    given.machine.shell(f"cp {CONFIGURATION} /run/right.toml; printf '\\n[password]\\niteratons = 2\\n' >>{CONFIGURATION}")
    given.machine.run("systemctl", "restart", "vestibule", fails=True)
    check("iterations" in given.machine.journal(), "the journal does not name what was meant")
    given.machine.shell(f"cp /run/right.toml {CONFIGURATION}; systemctl reset-failed vestibule; systemctl restart vestibule")
    signed_in(given)


def it_stops_in_order(given):
    given.machine.run("systemctl", "stop", "vestibule")
    state, result, code = given.machine.unit("ActiveState", "Result", "ExecMainStatus")
    check((state, result, code) == ("inactive", "success", "0"), state, result, code)
    journal = given.machine.journal()
    check('"message":"draining"' in journal and '"message":"stopped"' in journal, journal[-800:])


TESTS = [
    it_is_installed_as_documented,
    the_first_administrator_signs_in,
    it_may_do_nothing_else,
    settings_are_read_again,
    a_killed_service_comes_back_and_nobody_is_signed_out,
    a_service_that_hangs_is_restarted,
    secrets_come_as_credentials,
    a_mistake_in_the_configuration_is_told_and_touches_nothing,
    it_stops_in_order,
]


def back(given, main):
    """Waits until there is another process, which serves."""
    def served_by_another():
        process, state = given.machine.unit("MainPID", "ActiveState")
        return process != main and state == "active"

    until("another process serves", served_by_another)


def extended(given, drop_in):
    """Starts the service again with more in its unit."""
    given.machine.run("mkdir", "-p", f"{UNIT}.d")
    given.machine.run("tee", f"{UNIT}.d/tests.conf", input=drop_in)
    given.machine.shell("systemctl daemon-reload; systemctl restart vestibule")
    given.browser.close()


def signed_in(given):
    given.browser.close()
    page = given.browser.open(f"{given.issuer}/account")
    check(page.status == 200 and "you@example.com" in page.text(), page.url, page)


def staged(directory, binary, listen, internal):
    """What somebody has who follows the documentation, in the working directory: the program, the unit, and the documented configuration for this machine."""
    stage = Path(directory)
    (stage / "target" / "release").mkdir(parents=True)
    (stage / "docs").mkdir()
    shutil.copy(binary, stage / "target" / "release" / "vestibule")
    shutil.copy(ROOT / "docs" / "vestibule.service", stage / "docs")
    (configuration,) = documented("toml")
    for word, other in (("127.0.0.1:8080", listen), ("127.0.0.1:9090", internal), ("https://id.example.com", f"http://{listen.replace('127.0.0.1', 'localhost')}")):
        check(word in configuration, "the documented configuration has no", word)
        configuration = configuration.replace(word, other)
    (stage / "vestibule.toml").write_text(configuration)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--binary", required=True)
    arguments.add_argument("words", nargs="*")
    given = arguments.parse_args()
    verdicts.end_tidily()
    port = free_port()
    tests = TESTS[:1] + verdicts.wanted(TESTS[1:], given.words)
    with tempfile.TemporaryDirectory(prefix="vestibule-systemd-") as directory:
        staged(directory, given.binary, f"127.0.0.1:{port}", f"127.0.0.1:{free_port()}")
        try:
            with Machine(directory) as machine:
                return verdicts.summary(len(tests), verdicts.run(tests, Given(machine, f"http://localhost:{port}")))
        except NotHere as refused:
            print(f"no systemd can be booted on this machine, the unit was NOT started: {refused}")
            return 3


if __name__ == "__main__":
    sys.exit(main())
