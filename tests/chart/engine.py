"""Helm: the official program, or, where there is no Go to build it with, its engine from a Python package."""

import json
import subprocess
import tempfile
from functools import lru_cache
from pathlib import Path

import yaml

from places import CHART

# The one in C where there is one: the tests read a few hundred thousand lines.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
NAME, NAMESPACE = "vestibule", "auth"


class Refused(Exception):
    """Helm did not render."""


class Program:
    """The official `helm`."""

    def __init__(self, path):
        self.path = path
        self.home = tempfile.mkdtemp(prefix="vestibule-helm-")

    @property
    def version(self):
        return self.run("version", "--short").strip()

    def run(self, *arguments, values=None):
        environment = {"PATH": "/usr/bin:/bin", "HOME": self.home, "KUBECONFIG": "/dev/null"}
        command = [self.path, *arguments, *(["--values", "-"] if values is not None else [])]
        text = yaml.safe_dump(values) if values is not None else None
        done = subprocess.run(command, input=text, capture_output=True, text=True, env=environment, timeout=60)
        if done.returncode:
            raise Refused(done.stderr + done.stdout)
        return done.stdout

    def render(self, values, upgrade=False, kube_version="1.33.0", name=NAME):
        more = ["--is-upgrade"] if upgrade else []
        return self.run("template", name, str(CHART), "--namespace", NAMESPACE, "--kube-version", kube_version, *more, values=values)

    def notes(self, values):
        # The whole release; the notes are at its end.
        text = self.run("install", NAME, str(CHART), "--namespace", NAMESPACE, "--dry-run=client", values=values)
        return text.split("\nNOTES:\n", 1)[1]

    def lint(self, values):
        self.run("lint", str(CHART), "--strict", "--quiet", values=values)

    def package(self, directory):
        self.run("package", str(CHART), "--destination", str(directory))
        return next(Path(directory).glob("*.tgz"))


class Engine:
    """Helm's engine as a library (PyPI `helm-python-sdk`)."""

    def __init__(self):
        import helm_python

        self.helm = helm_python
        self.chart = helm_python.Chart.load(str(CHART))

    @property
    def version(self):
        return f"{self.helm.helm_sdk_version()} as a library"

    def files(self, values, upgrade, name):
        try:
            self.chart.validate_schema(values)
            return self.chart.render(values, name=name, namespace=NAMESPACE, is_install=not upgrade, is_upgrade=upgrade)
        except self.helm.HelmError as error:
            raise Refused(str(error)) from error

    def render(self, values, upgrade=False, kube_version="1.33.0", name=NAME):
        found = self.files(values, upgrade, name)
        return "".join(f"---\n# Source: {path}\n{text}\n" for path, text in sorted(found.items()) if path.endswith(".yaml"))

    def notes(self, values):
        return next(text for path, text in self.files(values, False, NAME).items() if path.endswith("NOTES.txt"))

    def lint(self, values):
        report = self.helm.lint(str(CHART), values, strict=True)
        messages = [message for message in report["messages"] if message["severity"] > 1]
        if messages or report["errors"]:
            raise Refused(json.dumps(report))

    def package(self, directory):
        return Path(self.helm.package(str(CHART), destination=str(directory)))


class Chart:
    """The chart as its tests see it."""

    def __init__(self, helm):
        self.helm = helm

    @lru_cache(maxsize=None)
    def cached(self, text):
        return self.helm.render(json.loads(text))

    def text(self, values):
        return self.cached(json.dumps(values, sort_keys=True))

    def objects(self, values):
        """Shared between tests: whoever changes one makes a copy."""
        return parsed(self.text(values))

    def refusal(self, values):
        """Why these values are refused."""
        try:
            self.text(values)
        except Refused as refused:
            return str(refused)
        raise AssertionError("these values were not refused")


@lru_cache(maxsize=None)
def parsed(text):
    return [found for found in yaml.load_all(text, LOADER) if found]


def examples():
    """The value files of `ci/`, by name."""
    paths = sorted((CHART / "ci").glob("*-values.yaml"))
    return {path.name.removesuffix("-values.yaml"): yaml.safe_load(path.read_text()) for path in paths}


def with_(values, changes):
    """The values with others over them; as Helm does it, null takes away and lists are replaced."""
    found = dict(values)
    for key, change in changes.items():
        found[key] = with_(found.get(key) or {}, change) if isinstance(change, dict) else change
    return found
