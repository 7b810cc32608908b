"""What points at something points at the right thing: scaling, budgets, network policies, the values of the examples."""

import re

import yaml

import restricted
import values as documented
from engine import examples, with_
from matrix import KUBERNETES, deployment, one, one_named, validate
from places import CHART, ROOT

DNS = {"ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]}


def the_autoscaler_scales_the_deployment(chart):
    for name in ("ingress", "tuned"):
        values = examples()[name]
        spec, server = one(chart, values, "HorizontalPodAutoscaler")["spec"], deployment(chart, values)
        assert spec["scaleTargetRef"] == {"apiVersion": server["apiVersion"], "kind": "Deployment", "name": server["metadata"]["name"]}, spec
        assert spec["metrics"], "it would scale by nothing"
    spec = one(chart, examples()["ingress"], "HorizontalPodAutoscaler")["spec"]
    assert (spec["minReplicas"], spec["maxReplicas"]) == (2, 12)
    targets = {metric["resource"]["name"]: metric["resource"]["target"] for metric in spec["metrics"]}
    assert targets == {resource: {"type": "Utilization", "averageUtilization": percent} for resource, percent in (("cpu", 70), ("memory", 80))}, targets
    assert spec["behavior"] == {"scaleDown": {"stabilizationWindowSeconds": 600}}
    tuned = one(chart, examples()["tuned"], "HorizontalPodAutoscaler")["spec"]
    assert tuned["metrics"] == examples()["tuned"]["autoscaling"]["metrics"] and tuned["minReplicas"] == 3, tuned


def the_budget_is_for_the_pods_of_the_server_alone(chart):
    seen = 0
    for name, values in examples().items():
        for found in chart.objects(values):
            if found["kind"] == "PodDisruptionBudget":
                seen += 1
                selector = found["spec"]["selector"]
                assert list(selector) == ["matchLabels"], name
                labels = labels_of_pods(chart, values)
                assert [kind for kind, labels in labels if selects(selector, labels)] == ["Deployment"], name
    assert seen >= 3, seen


def labels_of_pods(chart, values):
    """Kind and labels of everything that makes pods."""
    found = []
    for made in chart.objects(values):
        for _, spec in restricted.pods([made]):
            found.append((made["kind"], made["metadata"]["labels"] if made["kind"] == "Pod" else made["spec"]["template"]["metadata"]["labels"]))
    return found


def selects(selector, labels):
    for rule in selector.get("matchExpressions", []):
        assert rule["operator"] == "In"
        if labels.get(rule["key"]) not in rule["values"]:
            return False
    return selector.get("matchLabels", {}).items() <= labels.items()


def every_pod_is_inside_exactly_one_policy(chart):
    for name, values in examples().items():
        policies = [found for found in chart.objects(values) if found["kind"] == "NetworkPolicy"]
        if not policies:
            assert values["networkPolicy"]["enabled"] is False, name
            continue
        for kind, labels in labels_of_pods(chart, values):
            inside = [policy["metadata"]["name"].endswith("-jobs") for policy in policies if selects(policy["spec"]["podSelector"], labels)]
            assert inside == [kind != "Deployment"], f"{name}: {kind}: {inside}"


def what_goes_out_is_what_is_listed(chart):
    """A Job that migrates and the pod of `helm test` get as far as they must, and no further."""
    base = examples()["ingress"]
    rules = base["networkPolicy"]["egress"]["rules"]
    server, jobs = policies(chart, base)
    assert server["policyTypes"] == jobs["policyTypes"] == ["Ingress", "Egress"]
    assert server["egress"] == [DNS, *rules], server["egress"]
    to_server = jobs["egress"].pop() if jobs["egress"] is not server["egress"] else None
    assert jobs["egress"] == [DNS, *rules] and "ingress" not in jobs and "Ingress" in jobs["policyTypes"], jobs
    (peer,), (port,) = to_server["to"], to_server["ports"]
    pod = deployment(chart, base)["spec"]["template"]
    assert selects(peer["podSelector"], pod["metadata"]["labels"]) and port["port"] in [port["name"] for port in pod["spec"]["containers"][0]["ports"]]
    # And the server lets it in, though it lists who may come.
    test = next(labels for kind, labels in labels_of_pods(chart, base) if kind == "Pod")
    assert any(selects(peer.get("podSelector", {"matchLabels": {"no": "pod"}}), test) for rule in server["ingress"] for peer in rule["from"]), server["ingress"]
    closed, _ = policies(chart, with_(base, {"networkPolicy": {"egress": {"dns": False, "rules": []}}}))
    assert closed["policyTypes"] == ["Ingress", "Egress"] and not closed["egress"], closed
    tuned, _ = policies(chart, examples()["tuned"])
    assert tuned["egress"] == examples()["tuned"]["networkPolicy"]["egress"]["rules"], tuned
    for open_to_all in policies(chart, examples()["postgres"]):
        assert open_to_all["policyTypes"] == ["Ingress"] and "egress" not in open_to_all, open_to_all


def policies(chart, values):
    objects = [found for found in yaml.safe_load_all(chart.text(values)) if found]
    name = deployment(chart, values)["metadata"]["name"]
    return [one_named(objects, "NetworkPolicy", found)["spec"] for found in (name, f"{name}-jobs")]


def every_value_is_set_by_an_example(chart):
    """So that the schema of each is met by a value that somebody might write."""
    given = examples().values()
    missing = [value.name for value in documented.leaves(documented.read()) if not any(has(values, value.path) for values in given)]
    assert not missing, missing


def has(values, path):
    for step in path:
        if not isinstance(values, dict) or step not in values:
            return False
        values = values[step]
    return True


def the_annotations_of_the_chart_are_true(chart):
    metadata = yaml.safe_load((CHART / "Chart.yaml").read_text())
    notes = {key.removeprefix("artifacthub.io/"): yaml.safe_load(value) for key, value in metadata["annotations"].items()}
    (image,) = notes["images"]
    rendered = deployment(chart, examples()["postgres"])["spec"]["template"]["spec"]["containers"][0]["image"]
    assert image == {"name": "vestibule", "image": rendered}, image
    assert notes["changes"] and all(set(change) == {"kind", "description"} for change in notes["changes"])
    assert {change["kind"] for change in notes["changes"]} <= {"added", "changed", "deprecated", "removed", "fixed", "security"}
    assert notes["links"] and all(link["url"].startswith("https://") for link in notes["links"])
    definitions = {(found["kind"], found["apiVersion"]) for values in examples().values() for found in chart.objects(values)}
    assert ("HTTPRoute", "gateway.networking.k8s.io/v1") in definitions and not any(kind == "CustomResourceDefinition" for kind, _ in definitions)


def the_pod_that_restores_is_one_of_the_server(chart):
    """As the documentation has it: valid, restricted, and with the mounts of the profile of SQLite; but the Service does not find it."""
    text = (ROOT / "docs/kubernetes.md").read_text()
    (pod,) = [found for found in map(yaml.safe_load, re.findall(r"(?ms)^```yaml\n(.*?)^```", text)) if found.get("kind") == "Pod"]
    for version in KUBERNETES:
        validate(pod, version)
    assert not restricted.faults(pod["spec"]), restricted.faults(pod["spec"])
    values = examples()["sqlite"] | {"clients": []}
    server = deployment(chart, values)["spec"]["template"]["spec"]
    ours, theirs = pod["spec"]["containers"][0], server["containers"][0]
    assert ours["image"] == theirs["image"] and ours["command"] == theirs["command"] and ours["env"] == theirs["env"], ours
    mounts = {mount["name"]: mount for mount in theirs["volumeMounts"] if mount["name"] != "declared"}
    assert {mount["name"]: mount for mount in ours["volumeMounts"]} == mounts, mounts
    volumes = {volume["name"]: volume for volume in server["volumes"] if volume["name"] != "declared"}
    assert {volume["name"]: volume for volume in pod["spec"]["volumes"]} == volumes, volumes
    assert "labels" not in pod["metadata"] and pod["spec"]["securityContext"].items() <= server["securityContext"].items()


TESTS = [
    the_pod_that_restores_is_one_of_the_server,
    the_autoscaler_scales_the_deployment,
    the_budget_is_for_the_pods_of_the_server_alone,
    every_pod_is_inside_exactly_one_policy,
    what_goes_out_is_what_is_listed,
    every_value_is_set_by_an_example,
    the_annotations_of_the_chart_are_true,
]
