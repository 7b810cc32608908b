#!/usr/bin/env python3
"""The unit file of docs/ is one that systemd understands, keeps the service in, and names settings that exist.

    tests/systemd/run.py --binary PATH

Needs systemd-analyze; nothing is started.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

UNIT = Path(__file__).resolve().parent.parent.parent / "docs" / "vestibule.service"
# systemd's own score of what a service could still do, from 0 to 100; a service that says nothing has 96.
EXPOSURE = 15


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--binary", required=True)
    binary = str(Path(arguments.parse_args().binary).resolve())
    with tempfile.TemporaryDirectory() as directory:
        unit = Path(directory) / UNIT.name
        text = uncommented(UNIT.read_text()).replace("/usr/local/bin/vestibule", binary)
        unit.write_text(text)
        analyze("verify", "--man=no", str(unit))
        analyze("security", "--offline=true", f"--threshold={EXPOSURE}", "--no-pager", str(unit))
        settings_exist(binary, text, Path(directory))
        documentation_is_true(binary, Path(directory))
    print("the unit is understood, keeps the service in, and names settings that exist")


def uncommented(text):
    """With everything that an operator may switch on."""
    return re.sub(r"(?m)^#(?=[A-Z][A-Za-z]+=)", "", text)


def analyze(*arguments):
    done = subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True)
    if done.returncode or "vestibule.service:" in done.stderr:
        sys.exit(f"systemd-analyze {arguments[0]}: {done.stderr}{done.stdout[-1500:]}")


def settings_exist(binary, text, directory):
    """The environment that systemd would make, with credentials as files, and commands that exist."""
    credentials = dict(re.findall(r"(?m)^LoadCredential=([^:]+):(.+)$", text))
    for name in credentials:
        (directory / name).write_text("postgres://db.example.com/vestibule" if "url" in name else "hunter2")
    (directory / "vestibule.toml").write_text('[mail]\ntransport = "smtp"\nsmtp_username = "vestibule"\n')
    environment = dict(entry.replace("%d", str(directory)).split("=", 1) for entry in re.findall(r"(?m)^Environment=(.+)$", text))
    environment["VESTIBULE_CONFIG"] = str(directory / "vestibule.toml")
    done = subprocess.run([binary, "config", "check", "--json"], env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    found = json.loads(done.stdout)["set"]
    for setting in ("database.url", "mail.smtp_password"):
        if setting not in found:
            sys.exit(f"{setting} did not come from its credential: {found}")
    for command in re.findall(rf"(?m)^Exec\w+={re.escape(binary)} (.+)$", text):
        if subprocess.run([binary, *command.split(), "--help"], capture_output=True).returncode:
            sys.exit(f"there is no `vestibule {command}`")


def documentation_is_true(binary, directory):
    """The configuration in docs/systemd.md is one."""
    (text,) = re.findall(r"(?ms)^```toml\n(.*?)^```", UNIT.with_name("systemd.md").read_text())
    (directory / "documented.toml").write_text(text)
    done = subprocess.run([binary, "config", "check", "--config", str(directory / "documented.toml")], env={}, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)


if __name__ == "__main__":
    main()
