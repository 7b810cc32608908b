"""What the API server itself says: to every object of every example, to pods that may do too much, to the service's own account, and to GitOps."""

import copy
import json

import yaml

from cluster import CHART, check, until
from releases import NAME, install, left, uninstall
from world import DEPLOYER, NAMESPACE, examples, named

RESTRICTED = "violates PodSecurity"


def rendered(cluster, example):
    """As objects that name their namespace, all of them: one of the examples is in two."""
    text = cluster.helm("template", NAME, str(CHART), "--namespace", NAMESPACE, "--values", str(examples()[example]))
    objects = [found for found in yaml.safe_load_all(text) if found]
    for found in objects:
        found["metadata"].setdefault("namespace", NAMESPACE)
    return objects


def listed(objects):
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})


DRY = ["apply", "--server-side", "--dry-run=server", "--validate=strict", "--warnings-as-errors", "-f", "-"]


def the_server_takes_every_object_without_a_warning(cluster):
    count = 0
    for name in examples():
        objects = rendered(cluster, name)
        count += len(objects)
        # Warnings are about pods that are not restricted, and about versions on their way out.
        cluster.kubectl(*DRY, text=listed(objects))
    print(f"         {count} objects of {len(examples())} examples")


def the_server_refuses_what_is_not_restricted(cluster):
    """That the test before can fail: the same objects, each with one right too many."""
    objects = rendered(cluster, "postgres")
    for path, change in {
        "securityContext": {"privileged": True, "allowPrivilegeEscalation": True},
        "capabilities": {"capabilities": {"drop": []}},
        "root": {"runAsNonRoot": False, "runAsUser": 0},
    }.items():
        for kind in ("Deployment", "Pod"):
            found = copy.deepcopy(next(found for found in objects if found["kind"] == kind))
            spec = found["spec"]["template"]["spec"] if kind == "Deployment" else found["spec"]
            spec["containers"][0]["securityContext"].update(change)
            code, _, err = cluster.done("kubectl", *DRY, text=json.dumps(found))
            check(code != 0 and ("violate" in err or "Invalid value" in err), path, kind, err)
    pod = named("v1", "Pod", "root", namespace=NAMESPACE, spec={"containers": [{"name": "root", "image": "vestibule"}]})
    code, _, err = cluster.done("kubectl", "create", "-f", "-", text=json.dumps(pod))
    check(code != 0 and RESTRICTED in err, "a pod that says nothing was taken:", err)
    strict = copy.deepcopy(next(found for found in objects if found["kind"] == "Deployment"))
    strict["spec"]["replicaz"] = 1
    code, _, err = cluster.done("kubectl", *DRY, text=json.dumps(strict))
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


# What the server writes of who did it and when, and what it assigns anew.
WRITTEN = {"uid", "resourceVersion", "creationTimestamp", "managedFields", "generation"}
ASSIGNED = {"clusterIP", "clusterIPs", "nodePort", "healthCheckNodePort", "volumeName", "controller-uid", "batch.kubernetes.io/controller-uid"}
# What Helm, and the controllers, add to what is rendered.
ADDED = ("meta.helm.sh/", "app.kubernetes.io/managed-by", "deployment.kubernetes.io/", "pv.kubernetes.io/", "volume.kubernetes.io/")


def declared(found):
    """What somebody wanted, without what came of it."""
    metadata = {key: value for key, value in found["metadata"].items() if key not in WRITTEN}
    for key in ("annotations", "labels"):
        metadata[key] = {name: value for name, value in metadata.get(key, {}).items() if not name.startswith(ADDED)}
    return without_assigned({key: value for key, value in found.items() if key != "status"} | {"metadata": metadata})


def without_assigned(value):
    if isinstance(value, dict):
        return {key: without_assigned(inner) for key, inner in value.items() if key not in ASSIGNED}
    return [without_assigned(inner) for inner in value] if isinstance(value, list) else value


def made(cluster, objects):
    """As they are in the cluster, by name. Hooks are not there any more."""
    found = {}
    for entry in objects:
        if any(name.startswith("helm.sh/hook") for name in entry["metadata"].get("annotations") or {}):
            continue
        group = entry["apiVersion"].split("/")[0] if "/" in entry["apiVersion"] else ""
        kind = entry["kind"].lower() + (f".{group}" if group else "")
        live = declared(cluster.one(kind, entry["metadata"]["name"], entry["metadata"]["namespace"]))
        if kind == "deployment.apps" and "replicas" not in entry["spec"]:
            # The autoscaler's.
            live["spec"].pop("replicas")
        found[f"{kind}/{entry['metadata']['name']}"] = live
    return found


def gitops_makes_the_same_objects_as_helm(cluster):
    for name in examples():
        objects = rendered(cluster, name)
        install(cluster, name)
        by_helm = made(cluster, objects)
        uninstall(cluster)
        cluster.kubectl("apply", "--server-side", "-f", "-", text=listed(objects))
        by_text = made(cluster, objects)
        differing = [key for key in by_helm if by_helm[key] != by_text[key]]
        check(not differing, name, [(key, by_helm[key], by_text[key]) for key in differing[:1]])
        cluster.kubectl("delete", "--wait", "-f", "-", text=listed(objects))
        until("nothing is left", lambda: not left(cluster), 120)
        print(f"         {name}: {len(by_helm)} objects")


TESTS = [
    the_server_takes_every_object_without_a_warning,
    the_server_refuses_what_is_not_restricted,
    the_services_account_may_do_nothing,
    gitops_makes_the_same_objects_as_helm,
]
