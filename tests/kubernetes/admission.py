"""What the API server itself says: to every object of every example, to pods that may do too much, to the service's own account, and to GitOps."""

import copy
import json

import yaml

from cluster import CHART, check, until
from releases import NAME, install, left, uninstall
from world import DEPLOYER, NAMESPACE, examples, named, values_of

RESTRICTED = "violates PodSecurity"


def rendered(cluster, example, *more, upgrade=False):
    command = ["template", NAME, str(CHART), "--namespace", NAMESPACE, "--values", str(examples()[example]), *more]
    return cluster.helm(*command, *(["--is-upgrade"] if upgrade else []))


def the_server_takes_every_object_without_a_warning(cluster):
    count = 0
    for name in examples():
        text = rendered(cluster, name)
        count += len([found for found in yaml.safe_load_all(text) if found])
        # Warnings are about pods that are not restricted, and about versions on their way out.
        dry = ["apply", "--server-side", "--dry-run=server", "--validate=strict", "--warnings-as-errors", "--namespace", NAMESPACE, "-f", "-"]
        cluster.kubectl(*dry, text=text)
    print(f"         {count} objects of {len(examples())} examples")


def the_server_refuses_what_is_not_restricted(cluster):
    """That the test before can fail: the same objects, each with one right too many."""
    text = rendered(cluster, "postgres")
    dry = ["kubectl", "apply", "--server-side", "--dry-run=server", "--warnings-as-errors", "--namespace", NAMESPACE, "-f", "-"]
    for path, change in {
        "securityContext": {"privileged": True, "allowPrivilegeEscalation": True},
        "capabilities": {"capabilities": {"drop": []}},
        "root": {"runAsNonRoot": False, "runAsUser": 0},
    }.items():
        for kind in ("Deployment", "Pod"):
            found = copy.deepcopy(next(found for found in yaml.safe_load_all(text) if found and found["kind"] == kind))
            spec = found["spec"]["template"]["spec"] if kind == "Deployment" else found["spec"]
            spec["containers"][0]["securityContext"].update(change)
            code, _, err = cluster.done(*dry, text=json.dumps(found))
            check(code != 0 and ("violate" in err or "Invalid value" in err), path, kind, err)
    pod = named("v1", "Pod", "root", namespace=NAMESPACE, spec={"containers": [{"name": "root", "image": "vestibule"}]})
    code, _, err = cluster.done("kubectl", "create", "-f", "-", text=json.dumps(pod))
    check(code != 0 and RESTRICTED in err, "a pod that says nothing was taken:", err)
    strict = copy.deepcopy(next(found for found in yaml.safe_load_all(text) if found and found["kind"] == "Deployment"))
    strict["spec"]["replicaz"] = 1
    code, _, err = cluster.done(*dry, "--validate=strict", text=json.dumps(strict))
    check(code != 0 and "replicaz" in err, "an unknown member was taken:", err)


def the_services_account_may_do_nothing(cluster):
    install(cluster, "postgres")
    asked = 0
    for account in ("vestibule", "default"):
        user = f"system:serviceaccount:{NAMESPACE}:{account}"
        for verb, what in [
            *((verb, kind) for kind in ("secrets", "configmaps", "pods", "deployments.apps", "jobs.batch") for verb in ("get", "list", "watch", "create", "update", "delete")),
            ("create", "pods/exec"), ("create", "serviceaccounts/token"), ("get", "nodes"), ("list", "namespaces"), ("create", "leases.coordination.k8s.io"),
            ("create", "rolebindings.rbac.authorization.k8s.io"), ("create", "clusterrolebindings.rbac.authorization.k8s.io"), ("impersonate", "users"),
            ("bind", "clusterroles.rbac.authorization.k8s.io"), ("escalate", "roles.rbac.authorization.k8s.io"), ("*", "*"),
        ]:  # fmt: skip
            for scope in (["--namespace", NAMESPACE], ["--all-namespaces"]):
                _, out, err = cluster.done("kubectl", "auth", "can-i", verb, what, *scope, "--as", user)
                check(out.strip() == "no", account, "may", verb, what, scope, out, err)
                asked += 1
    found = [entry for entry in cluster.get("role,rolebinding", NAMESPACE) if entry["metadata"]["name"] != "deployer"]
    check(not found, "the release made roles:", [entry["metadata"]["name"] for entry in found])
    for refused in (["get", "namespaces"], ["get", "secrets", "--all-namespaces"], ["get", "pods", "--namespace", "kube-system"]):
        code, _, err = cluster.done("kubectl", *refused, "--as", DEPLOYER)
        check(code != 0 and "Forbidden" in err, "the deployer is more than it should be:", refused, err)
    uninstall(cluster)
    print(f"         {asked} questions, each answered with no; installed by somebody who may nothing outside the namespace")


# What the server, Helm or kubectl writes of who did it and when.
WRITTEN = {"uid", "resourceVersion", "creationTimestamp", "managedFields", "generation", "selfLink"}
# What the server assigns anew.
ASSIGNED = {"clusterIP", "clusterIPs", "nodePort", "healthCheckNodePort", "volumeName"}


def told_apart_by_nobody(found):
    found = {key: value for key, value in found.items() if key != "status"}
    metadata = {key: value for key, value in found["metadata"].items() if key not in WRITTEN}
    for key in ("annotations", "labels"):
        metadata[key] = {name: value for name, value in metadata.get(key, {}).items() if not name.startswith(("meta.helm.sh/", "deployment.kubernetes.io/", "pv.kubernetes.io/", "volume.kubernetes.io/"))}
    text = json.dumps(found | {"metadata": metadata})
    return without(json.loads(text))


def without(value):
    if isinstance(value, dict):
        job = "batch.kubernetes.io/controller-uid", "controller-uid"
        return {key: without(inner) for key, inner in value.items() if key not in ASSIGNED and key not in job}
    return [without(inner) for inner in value] if isinstance(value, list) else value


def made(cluster, text):
    """As they are in the cluster, by name."""
    found = {}
    for entry in yaml.safe_load_all(text):
        if entry and not any("helm.sh/hook" in name for name in entry["metadata"].get("annotations") or {}):
            namespace = entry["metadata"].get("namespace", NAMESPACE)
            group = entry["apiVersion"].split("/")[0] if "/" in entry["apiVersion"] else ""
            kind = entry["kind"].lower() + (f".{group}" if group else "")
            found[f"{kind}/{entry['metadata']['name']}"] = told_apart_by_nobody(cluster.one(kind, entry["metadata"]["name"], namespace))
    return found


def gitops_makes_the_same_objects_as_helm(cluster):
    for name in examples():
        text = rendered(cluster, name)
        install(cluster, name)
        by_helm = made(cluster, text)
        uninstall(cluster)
        cluster.kubectl("apply", "--server-side", "--namespace", NAMESPACE, "-f", "-", text=text)
        by_text = made(cluster, text)
        differing = [key for key in by_helm if by_helm[key] != by_text[key]]
        check(not differing, name, [(key, by_helm[key], by_text[key]) for key in differing[:1]])
        cluster.kubectl("delete", "--namespace", NAMESPACE, "--wait", "-f", "-", text=text)
        namespace = values_of(examples()[name]).get("namespaceOverride", NAMESPACE)
        until("nothing is left", lambda: not left(cluster, namespace), 120)
        print(f"         {name}: {len(by_helm)} objects")


TESTS = [
    the_server_takes_every_object_without_a_warning,
    the_server_refuses_what_is_not_restricted,
    the_services_account_may_do_nothing,
    gitops_makes_the_same_objects_as_helm,
]
