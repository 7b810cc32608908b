"""The version before this one, built from the project's history."""

import os
import shutil
import subprocess
from pathlib import Path

from service import ROOT, check


def git(*arguments):
    done = subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, timeout=600)
    return done.stdout.strip() if done.returncode == 0 else None


def commit():
    """`VESTIBULE_TEST_PREVIOUS`, or the newest tag before this commit, or what this branch left its origin at, or the commit before this one."""
    given = os.environ.get("VESTIBULE_TEST_PREVIOUS")
    head = git("rev-parse", "HEAD")
    check(head, "the version before this one is built from git, and this is no clone")
    for name in [given] if given else [git("describe", "--tags", "--abbrev=0", "HEAD^"), "origin/HEAD", "HEAD^"]:
        found = name and (git("merge-base", "HEAD", name) if not given else git("rev-parse", "--verify", f"{name}^{{commit}}"))
        if found and found != head:
            return found
    shallow = git("rev-parse", "--is-shallow-repository") == "true"
    check(False, "no version before this one", "in this shallow clone (git fetch --unshallow)" if shallow else "", f"is known as {given}" if given else "")


def program():
    """Built beside this version's, and kept there; or `VESTIBULE_TEST_PREVIOUS_BIN`."""
    given = os.environ.get("VESTIBULE_TEST_PREVIOUS_BIN")
    if given:
        return str(Path(given).resolve())
    target = Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target")
    wanted, tree = commit(), target / "previous/source"
    kept = target / f"previous/vestibule-{wanted}"
    if not kept.exists():
        shutil.rmtree(tree, ignore_errors=True)
        tree.mkdir(parents=True)
        archive = subprocess.run(["git", "-C", str(ROOT), "archive", wanted], capture_output=True, timeout=600)
        check(archive.returncode == 0, "git archive", wanted, archive.stderr.decode())
        subprocess.run(["tar", "-x", "-C", str(tree)], input=archive.stdout, check=True, timeout=600)
        print(f"          building {wanted[:12]}, the version before this one", flush=True)
        environment = {**os.environ, "CARGO_TARGET_DIR": str(target / "previous/target")}
        done = subprocess.run(["cargo", "build", "--locked", "--quiet", "--bin", "vestibule"], cwd=tree, env=environment, timeout=3600)
        check(done.returncode == 0, "the version before this one does not build")
        (target / "previous/target/debug/vestibule").rename(kept)
    return str(kept)
