"""What the chart finds in a cluster: namespaces, resources of others, what its examples refer to."""

import json

import yaml

from cluster import CHART, ROOT, until

NAMESPACE = "auth"
# Namespaces where pods must be restricted, and who installs there: with the rights of `admin` in these namespaces, and none elsewhere.
NAMESPACES, DEPLOYER = [NAMESPACE, "identity"], "deployer"
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
    cluster.apply([definition(kind, *names) for kind, names in CUSTOM.items()])
    level = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn", "audit")}
    objects = [named("v1", "Namespace", name, labels=level) for name in NAMESPACES]
    objects += [
        named("scheduling.k8s.io/v1", "PriorityClass", "important", value=1000),
        named("storage.k8s.io/v1", "StorageClass", "fast", provisioner="example.com/none", volumeBindingMode="WaitForFirstConsumer"),
        # As those who bring these resources do it.
        named("rbac.authorization.k8s.io/v1", "ClusterRole", "others", labels={"rbac.authorization.k8s.io/aggregate-to-admin": "true"}, rules=[
            {"apiGroups": sorted({group for group, _, _ in CUSTOM.values()}), "resources": ["*"], "verbs": ["*"]}]),
    ]  # fmt: skip
    objects += [volume(f"volume-{number}") for number in range(12)]
    cluster.apply(objects)
    for namespace in NAMESPACES:
        cluster.apply([
            named("rbac.authorization.k8s.io/v1", "RoleBinding", "deployer", namespace=namespace,
                  roleRef={"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "admin"},
                  subjects=[{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": DEPLOYER}]),
            named("v1", "ServiceAccount", "existing", namespace=namespace),
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


def volume(name):
    spec = {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "storageClassName": "fast", "persistentVolumeReclaimPolicy": "Retain"}
    return named("v1", "PersistentVolume", name, spec=spec | {"hostPath": {"path": f"/nowhere/{name}"}})


def definition(kind, group, version, plural):
    """Of the schema that tests/chart has for what we render; whatever is not in it is refused."""
    schema = structural(json.loads((ROOT / "tests" / "chart" / "resources" / f"{kind}.json").read_text()))
    schema["properties"].update({"apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"type": "object"}})
    return named("apiextensions.k8s.io/v1", "CustomResourceDefinition", f"{plural}.{group}", spec={
        "group": group, "scope": "Namespaced", "names": {"kind": kind, "plural": plural, "singular": kind.lower()},
        "versions": [{"name": version, "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}],
    }) | {"metadata": {"name": f"{plural}.{group}", "annotations": {"api-approved.kubernetes.io": "unapproved, a test"}}}  # fmt: skip


def structural(schema):
    """JSON Schema as Kubernetes wants it: no constants, and unknown members are refused without being told so."""
    found = {key: value for key, value in schema.items() if not key.startswith("$") and key != "const"}
    if found.get("additionalProperties") is False:
        del found["additionalProperties"]
    if "const" in schema:
        found |= {"enum": [schema["const"]], "type": found.get("type", "string")}
    if isinstance(found.get("additionalProperties"), dict):
        found["additionalProperties"] = structural(found["additionalProperties"])
    if "properties" in found:
        found["properties"] = {name: structural(value) for name, value in found["properties"].items()}
    if "items" in found:
        found["items"] = structural(found["items"])
    return found


def values_of(path):
    return yaml.safe_load(path.read_text())
