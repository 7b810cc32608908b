"""What the chart finds in a cluster: namespaces, resources of others, what its examples refer to."""

import yaml

from cluster import CHART, until

NAMESPACE = "auth"
# Namespaces where pods must be restricted, and who installs there: with the rights of `admin` in these namespaces, and none elsewhere.
NAMESPACES, DEPLOYER = [NAMESPACE, "identity"], "deployer"
EXISTING_CLAIM = "identity-data"
CUSTOM = {
    "ServiceMonitor": ("monitoring.coreos.com", "v1", "servicemonitors"),
    "PodMonitor": ("monitoring.coreos.com", "v1", "podmonitors"),
    "PrometheusRule": ("monitoring.coreos.com", "v1", "prometheusrules"),
    "HTTPRoute": ("gateway.networking.k8s.io", "v1", "httproutes"),
}


def examples():
    paths = sorted((CHART / "ci").glob("*-values.yaml"))
    return {path.name.removesuffix("-values.yaml"): path for path in paths}


def prepare(cluster):
    cluster.apply(definitions(cluster))
    level = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn", "audit")}
    objects = [named("v1", "Namespace", name, labels=level) for name in NAMESPACES]
    objects += [
        named("scheduling.k8s.io/v1", "PriorityClass", "important", value=1000),
        named("node.k8s.io/v1", "RuntimeClass", "gvisor", handler="runsc"),
        named("storage.k8s.io/v1", "StorageClass", "fast", provisioner="example.com/none", volumeBindingMode="WaitForFirstConsumer"),
        # As those who bring these resources do it.
        named("rbac.authorization.k8s.io/v1", "ClusterRole", "others", labels={"rbac.authorization.k8s.io/aggregate-to-admin": "true"}, rules=[
            {"apiGroups": sorted({group for group, _, _ in CUSTOM.values()}), "resources": ["*"], "verbs": ["*"]}]),
    ]  # fmt: skip
    objects += [volume(f"volume-{mode.lower()}-{number}", mode) for mode in ("ReadWriteOnce", "ReadWriteOncePod") for number in range(12)]
    cluster.apply(objects)
    for namespace in NAMESPACES:
        cluster.apply([
            named("rbac.authorization.k8s.io/v1", "RoleBinding", "deployer", namespace=namespace,
                  roleRef={"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "admin"},
                  subjects=[{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": DEPLOYER}]),
            named("v1", "ServiceAccount", "existing", namespace=namespace),
            # For the example with a claim that is there already.
            named("v1", "PersistentVolumeClaim", EXISTING_CLAIM, namespace=namespace, spec={
                "accessModes": ["ReadWriteOnce"], "storageClassName": "fast", "resources": {"requests": {"storage": "1Gi"}}}),
        ])  # fmt: skip
    until("the resources of others are served", lambda: all(served(cluster, names) for names in CUSTOM.values()), 60)
    can = ["auth", "can-i", "create", "servicemonitors.monitoring.coreos.com", "--namespace", NAMESPACE, "--as", DEPLOYER]
    until("the deployer has its rights", lambda: cluster.done("kubectl", *can)[0] == 0, 60)


def served(cluster, names):
    group, _, plural = names
    return cluster.done("kubectl", "get", f"{plural}.{group}", "--all-namespaces")[0] == 0


def named(version, kind, name, namespace=None, labels=None, **rest):
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {}) | ({"labels": labels} if labels else {})
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **rest}


def volume(name, mode):
    spec = {"capacity": {"storage": "10Gi"}, "accessModes": [mode], "storageClassName": "fast", "persistentVolumeReclaimPolicy": "Retain"}
    return named("v1", "PersistentVolume", name, spec=spec | {"hostPath": {"path": f"/nowhere/{name}"}})


def definitions(cluster):
    """As the Prometheus operator and the Gateway API publish them."""
    found = [yaml.safe_load(path.read_text()) for path in sorted((cluster.tools.parent / "crds").glob("*.yaml"))]
    assert {made["metadata"]["name"] for made in found} == {f"{plural}.{group}" for group, _, plural in CUSTOM.values()}, found
    return found


def values_of(path):
    return yaml.safe_load(path.read_text())
