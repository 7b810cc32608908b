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


def target():
    return Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target") / "previous"


def source():
    """The tree of that commit."""
    wanted, tree = commit(), target() / "source"
    mark = tree / ".commit"
    if not mark.exists() or mark.read_text() != wanted:
        shutil.rmtree(tree, ignore_errors=True)
        tree.mkdir(parents=True)
        archive = subprocess.run(["git", "-C", str(ROOT), "archive", wanted], capture_output=True, timeout=600)
        check(archive.returncode == 0, "git archive", wanted, archive.stderr.decode())
        subprocess.run(["tar", "-x", "-C", str(tree)], input=archive.stdout, check=True, timeout=600)
        mark.write_text(wanted)
    return tree


def cargo(*arguments, **more):
    """In that tree, with a target directory of its own. What was linted then is not linted again."""
    environment = {**os.environ, "CARGO_TARGET_DIR": str(target() / "target"), **more}
    environment.pop("RUSTC_WORKSPACE_WRAPPER", None)
    return subprocess.run(["cargo", *arguments], cwd=source(), env=environment, capture_output=True, text=True, timeout=5400)


def program():
    """Built beside this version's, and kept there; or `VESTIBULE_TEST_PREVIOUS_BIN`."""
    given = os.environ.get("VESTIBULE_TEST_PREVIOUS_BIN")
    if given:
        return str(Path(given).resolve())
    wanted = commit()
    kept = target() / f"vestibule-{wanted}"
    if not kept.exists():
        print(f"          building {wanted[:12]}, the version before this one", flush=True)
        # Together: a suite's dependencies have more features, and would be compiled once more.
        done = cargo("build", "--locked", "--quiet", "--bin", "vestibule", "--test", "suite")
        check(done.returncode == 0, "the version before this one does not build:", done.stderr[-3000:])
        shutil.copy(target() / "target/debug/vestibule", kept)
    return str(kept)


def suite(server, skipped):
    """Runs that version's own suite on databases of this PostgreSQL server; its last line."""
    words = [word for name in skipped for word in ("--skip", name)]
    done = cargo("test", "--locked", "--quiet", "--test", "suite", "--", *words, VESTIBULE_TEST_POSTGRES_URL=server)
    check(done.returncode == 0, "the suite of the version before this one failed:", done.stdout[-8000:], done.stderr[-2000:])
    return next(line for line in reversed(done.stdout.splitlines()) if line.startswith("test result:"))
