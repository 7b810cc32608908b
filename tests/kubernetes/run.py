#!/usr/bin/env python3
"""The chart in a real API server. Called by tests/kubernetes/run, which brings the programs.

    tests/kubernetes/run.py --tools DIRECTORY [WORD...]     only tests whose names contain one of the words
"""

import argparse
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import admission  # noqa: E402
import releases  # noqa: E402
import world  # noqa: E402
from cluster import Cluster, Failed  # noqa: E402


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--tools", required=True)
    arguments.add_argument("words", nargs="*")
    given = arguments.parse_args()
    # What was started is ended on this way out too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    tests = [test for test in admission.TESTS + releases.TESTS if not given.words or any(word in test.__name__ for word in given.words)]
    with tempfile.TemporaryDirectory(prefix="vestibule-kubernetes-") as directory:
        with Cluster(Path(given.tools).resolve(), directory) as cluster:
            world.prepare(cluster)
            version = cluster.kubectl("get", "--raw", "/version")
            print(f"the API server: {version.split('gitVersion')[1].split(chr(34))[2]}", flush=True)
            failed = [test.__name__ for test in tests if not passed(test, cluster)]
    print(f"{len(tests) - len(failed)} of {len(tests)} passed", *failed, sep="\n    failed: ")
    return 1 if failed or not tests else 0


def passed(test, cluster):
    began = time.monotonic()
    try:
        test(cluster)
        verdict = "ok"
    except Failed as found:
        verdict = f"FAILED\n    {found}\n"
    except Exception:
        verdict = f"FAILED\n{traceback.format_exc()}"
    print(f"{time.monotonic() - began:6.1f} s  {test.__name__.replace('_', ' ')}: {verdict}", flush=True)
    if verdict != "ok":
        clean(cluster)
    return verdict == "ok"


def clean(cluster):
    """What a test that failed has left, so that the next one fails by itself alone."""
    cluster.done("helm", "uninstall", releases.NAME, "--namespace", world.NAMESPACE, "--ignore-not-found", "--wait")
    for namespace in world.NAMESPACES:
        cluster.done("kubectl", "delete", "all,configmap,networkpolicy,ingress,poddisruptionbudget,persistentvolumeclaim,job", f"--field-selector=metadata.name!={world.EXISTING_CLAIM}", "--namespace", namespace)


if __name__ == "__main__":
    sys.exit(main())
