#!/usr/bin/env python3
"""The chart in a real API server. Called by tests/kubernetes/run, which brings the programs.

    tests/kubernetes/run.py --tools DIRECTORY [WORD...]     only tests whose names contain one of the words
"""

import argparse
import sys
import tempfile
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parent.parent / "lib")]

import admission  # noqa: E402
import releases  # noqa: E402
import verdicts  # noqa: E402
import world  # noqa: E402
from cluster import Cluster  # noqa: E402


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--tools", required=True)
    arguments.add_argument("words", nargs="*")
    given = arguments.parse_args()
    verdicts.end_tidily()
    tests = verdicts.wanted(admission.TESTS + releases.TESTS, given.words)
    with tempfile.TemporaryDirectory(prefix="vestibule-kubernetes-") as directory:
        with Cluster(Path(given.tools).resolve(), directory) as cluster:
            world.prepare(cluster)
            version = cluster.kubectl("get", "--raw", "/version")
            print(f"the API server: {version.split('gitVersion')[1].split(chr(34))[2]}", flush=True)
            failed = [name for test in tests for name in attempted(test, cluster)]
    return verdicts.summary(len(tests), failed)


def attempted(test, cluster):
    """The name of a test that failed, whose remains are cleared away; or nothing."""
    failed = verdicts.run([test], cluster)
    if failed:
        clean(cluster)
    return failed


def clean(cluster):
    """What a test that failed has left, so that the next one fails by itself alone."""
    cluster.done("helm", "uninstall", releases.NAME, "--namespace", world.NAMESPACE, "--ignore-not-found", "--wait")
    for namespace in world.NAMESPACES:
        cluster.done("kubectl", "delete", "all,configmap,networkpolicy,ingress,poddisruptionbudget,persistentvolumeclaim,job", f"--field-selector=metadata.name!={world.EXISTING_CLAIM}", "--namespace", namespace)


if __name__ == "__main__":
    sys.exit(main())
