"""Helm's whole way with the chart: install, upgrade, rollback, test, uninstall; done by somebody with rights in the namespace alone."""

import io
import json
import subprocess
import tarfile
import tempfile
import threading
from pathlib import Path

from cluster import CHART, ROOT, check, until
from world import DEPLOYER, EXISTING_CLAIM, NAMESPACE, NAMESPACES, examples, values_of

NAME = "vestibule"
# What a release may leave behind, and what Kubernetes itself puts into a namespace.
KINDS = "deployment,replicaset,pod,job,service,endpointslice,configmap,secret,serviceaccount,persistentvolumeclaim,poddisruptionbudget,horizontalpodautoscaler"
KINDS += ",networkpolicy,ingress,httproute,servicemonitor,podmonitor,prometheusrule"
NOT_OURS = {"ConfigMap/kube-root-ca.crt", "ServiceAccount/default", "ServiceAccount/existing", f"PersistentVolumeClaim/{EXISTING_CLAIM}"}


def install(cluster, example, *more, chart=CHART, verb="install", wait=True):
    command = [verb, NAME, str(chart), "--namespace", NAMESPACE, "--values", str(examples()[example]), *more]
    return cluster.helm(*command, *(["--wait", "--wait-for-jobs", "--timeout", "4m"] if wait else []), user=DEPLOYER)


def uninstall(cluster):
    cluster.helm("uninstall", NAME, "--namespace", NAMESPACE, "--wait", user=DEPLOYER)
    until("nothing of the release is left", lambda: left(cluster) <= {"PersistentVolumeClaim/vestibule-data"}, 120)
    found = left(cluster)
    cluster.kubectl("delete", "persistentvolumeclaim", f"--field-selector=metadata.name!={EXISTING_CLAIM}", "--namespace", NAMESPACE)
    return found


def left(cluster):
    """What is there, in all our namespaces, but for Helm's own notes and what Kubernetes makes by itself."""
    found = {f"{found['kind']}/{found['metadata']['name']}" for namespace in NAMESPACES for found in cluster.get(KINDS, namespace)}
    return {name for name in found - NOT_OURS if not name.startswith("Secret/sh.helm.release.")}


def deployment(cluster):
    return cluster.one("deployment", NAME, NAMESPACE)


def template_hash(cluster):
    """Of the pods that are wanted now."""
    current = [found for found in cluster.get("replicaset", NAMESPACE) if found["spec"]["replicas"]]
    check(len(current) == 1, "ReplicaSets with pods:", [found["metadata"]["name"] for found in current])
    return current[0]["metadata"]["labels"]["pod-template-hash"]


def every_example_is_installed_becomes_ready_and_is_removed(cluster):
    for name, path in examples().items():
        install(cluster, name)
        where = values_of(path).get("namespaceOverride", NAMESPACE)
        # Not at once where an autoscaler has its own idea of how many there should be.
        until(f"{name} is ready", lambda where=where: all_ready(cluster.get("deployment", where)), 60)
        pods = cluster.get("pod", where)
        faults = [fault for pod in pods for fault in mounted_tokens(pod)]
        check(not faults, name, faults)
        kinds = sorted({entry.split("/")[0] for entry in left(cluster)})
        stays = uninstall(cluster)
        expected = name == "sqlite"
        check(bool(stays) == expected, name, "left behind:", stays)
        print(f"         {name}: {len(pods)} pods; {', '.join(kinds)}{'; the claim is kept' if stays else ''}")


def all_ready(deployments):
    return len(deployments) == 1 and all(found["status"].get("readyReplicas") == found["spec"]["replicas"] for found in deployments)


def mounted_tokens(pod):
    volumes = [volume["name"] for volume in pod["spec"].get("volumes", []) if volume["name"].startswith("kube-api-access")]
    return [f"{pod['metadata']['name']} has a token" for _ in volumes]


class Watch:
    """The fewest pods that were available at any time."""

    def __init__(self, cluster):
        self.cluster, self.fewest, self.over = cluster, None, threading.Event()
        self.thread = threading.Thread(target=self.look, daemon=True)

    def look(self):
        while not self.over.wait(0.2):
            available = deployment(self.cluster)["status"].get("availableReplicas", 0)
            self.fewest = available if self.fewest is None else min(self.fewest, available)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join(30)


def postgres_upgrades_and_rolls_back_without_a_pod_too_few(cluster):
    install(cluster, "postgres")
    first, service = template_hash(cluster), cluster.one("service", NAME, NAMESPACE)["spec"]["clusterIP"]
    budget = cluster.one("poddisruptionbudget", NAME, NAMESPACE)
    until("the budget knows its pods", lambda: cluster.one("poddisruptionbudget", NAME, NAMESPACE)["status"].get("currentHealthy") == 2, 60)
    check(budget["spec"]["unhealthyPodEvictionPolicy"] == "AlwaysAllow", budget)
    with Watch(cluster) as watch:
        install(cluster, "postgres", "--set", "config.session.idle=3h", verb="upgrade")
        second = template_hash(cluster)
        check(second != first, "a changed setting has not replaced the pods")
        check("3h" in json.dumps(cluster.one("configmap", NAME, NAMESPACE)["data"]), "the setting is not in the ConfigMap")
        cluster.helm("rollback", NAME, "1", "--namespace", NAMESPACE, "--wait", "--timeout", "4m", user=DEPLOYER)
    check(template_hash(cluster) == first, "after the rollback there are other pods than before")
    check("3h" not in json.dumps(cluster.one("configmap", NAME, NAMESPACE)["data"]), "the ConfigMap was not rolled back")
    check(watch.fewest is not None and watch.fewest >= 2, "available at the least:", watch.fewest)
    check(cluster.one("service", NAME, NAMESPACE)["spec"]["clusterIP"] == service, "the Service was made again")
    uninstall(cluster)
    print(f"         pods {first} → {second} → {first}, never fewer than {watch.fewest} available")


def sqlite_keeps_its_volume_and_never_runs_two_pods(cluster):
    install(cluster, "sqlite")
    claim = cluster.one("persistentvolumeclaim", "vestibule-data", NAMESPACE)
    check(claim["status"]["phase"] == "Bound", claim["status"])
    most = Most(cluster)
    with most:
        install(cluster, "sqlite", "--set", "config.session.idle=3h", verb="upgrade")
        cluster.helm("rollback", NAME, "1", "--namespace", NAMESPACE, "--wait", "--timeout", "4m", user=DEPLOYER)
    check(most.most == 1, "pods that ran at once:", most.most)
    again = cluster.one("persistentvolumeclaim", "vestibule-data", NAMESPACE)
    check(again["metadata"]["uid"] == claim["metadata"]["uid"], "the claim was made again")
    cluster.helm("uninstall", NAME, "--namespace", NAMESPACE, "--wait", user=DEPLOYER)
    kept = cluster.one("persistentvolumeclaim", "vestibule-data", NAMESPACE)
    check(kept["metadata"]["uid"] == claim["metadata"]["uid"] and "deletionTimestamp" not in kept["metadata"], kept["metadata"])
    # The same release again finds its data.
    install(cluster, "sqlite")
    check(cluster.one("persistentvolumeclaim", "vestibule-data", NAMESPACE)["metadata"]["uid"] == claim["metadata"]["uid"], "another claim")
    uninstall(cluster)


class Most(Watch):
    """The most pods that ran at any time."""

    most = 0

    def look(self):
        while not self.over.wait(0.1):
            pods = [pod for pod in self.cluster.get("pod", NAMESPACE) if pod["status"].get("phase") == "Running"]
            servers = [pod for pod in pods if pod["metadata"]["labels"]["app.kubernetes.io/component"] == "server"]
            self.most = max(self.most, len(servers))


def an_upgrade_that_changes_nothing_writes_nothing(cluster):
    for name in ("postgres", "ingress", "monitoring", "sqlite"):
        install(cluster, name)
        before = versions(cluster)
        install(cluster, name, verb="upgrade")
        after = versions(cluster)
        check(before == after, name, "changed:", {key: (before.get(key), after.get(key)) for key in before.keys() | after.keys() if before.get(key) != after.get(key)})
        uninstall(cluster)


def versions(cluster):
    """Of what the chart made; what controllers write into their status is not the chart's doing."""
    kinds = "deployment,service,configmap,job,poddisruptionbudget,networkpolicy,ingress,servicemonitor,prometheusrule,serviceaccount,persistentvolumeclaim"
    made = {f"{found['kind']}/{found['metadata']['name']}": found["metadata"] for found in cluster.get(kinds, NAMESPACE)}
    own = {name: metadata for name, metadata in made.items() if name not in NOT_OURS and "hook" not in json.dumps(metadata.get("annotations", {}))}
    return {name: (metadata["uid"], metadata.get("generation")) for name, metadata in own.items()}


def the_chart_before_this_one_is_upgraded(cluster):
    log = subprocess.run(["git", "-C", str(ROOT), "log", "-2", "--format=%H", "--", "helm/vestibule"], capture_output=True, text=True, check=True)
    commit = log.stdout.split()[-1]
    archive = subprocess.run(["git", "-C", str(ROOT), "archive", commit, "helm/vestibule"], capture_output=True, check=True).stdout
    with tempfile.TemporaryDirectory() as directory:
        with tarfile.open(fileobj=io.BytesIO(archive)) as found:
            found.extractall(directory, filter="data")
        for name in ("postgres", "sqlite"):
            install(cluster, name, chart=Path(directory) / "helm/vestibule")
            uid = deployment(cluster)["metadata"]["uid"]
            install(cluster, name, verb="upgrade")
            check(deployment(cluster)["metadata"]["uid"] == uid, "the Deployment was made again")
            uninstall(cluster)
    print(f"         from {commit[:10]}")


def the_pod_of_helm_test_is_admitted_and_its_verdict_is_heard(cluster):
    install(cluster, "postgres")
    for phase, ends_with in (("Succeeded", 0), ("Failed", 1)):
        command = ["helm", "test", NAME, "--namespace", NAMESPACE, "--timeout", "60s", "--kube-as-user", DEPLOYER]
        helm = subprocess.Popen(command, env=cluster.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            until("the test's pod runs", lambda: test_pod(cluster, "Running"), 60)
            # kwok runs nothing: what the program would say is said for it. `tests/chart` runs the same container for real.
            status = json.dumps({"status": {"phase": phase}})
            cluster.kubectl("patch", "pod", "vestibule-test", "--namespace", NAMESPACE, "--subresource", "status", "--type", "merge", "--patch", status)
            out, _ = helm.communicate(timeout=90)
        finally:
            helm.kill()
        check((helm.returncode != 0) == bool(ends_with), phase, helm.returncode, out)
    uninstall_with_test_pod(cluster)


def test_pod(cluster, phase):
    return [pod for pod in cluster.get("pod", NAMESPACE) if pod["metadata"]["name"] == "vestibule-test" and pod["status"].get("phase") == phase]


def uninstall_with_test_pod(cluster):
    cluster.done("kubectl", "delete", "pod", "vestibule-test", "--namespace", NAMESPACE, "--ignore-not-found", "--wait=false")
    uninstall(cluster)


TESTS = [
    every_example_is_installed_becomes_ready_and_is_removed,
    postgres_upgrades_and_rolls_back_without_a_pod_too_few,
    sqlite_keeps_its_volume_and_never_runs_two_pods,
    an_upgrade_that_changes_nothing_writes_nothing,
    the_chart_before_this_one_is_upgraded,
    the_pod_of_helm_test_is_admitted_and_its_verdict_is_heard,
]
