"""Every example renders, is valid and is restricted."""

import copy
import json
import re
import subprocess
import tempfile
import tomllib
from functools import lru_cache

import jsonschema
import kubernetes_validate
import yaml

import generate
import restricted
import values as documented
from engine import Refused, examples, parsed, with_
from places import CHART, HERE, ROOT
from schema import OWN

# The oldest the chart is for, and some since.
KUBERNETES = ["1.27", "1.30", "1.33", "1.36"]


# It reads all definitions again for every object.
kubernetes_validate.utils.schema_contents = lru_cache(maxsize=None)(kubernetes_validate.utils.schema_contents)


def every_example_passes_a_strict_lint(chart):
    for name, values in examples().items():
        try:
            chart.helm.lint(values)
        except Refused as refused:
            raise AssertionError(f"{name}: {refused}") from refused


def every_object_is_valid_for_every_kubernetes(chart):
    seen = 0
    for name, values in examples().items():
        for found in chart.objects(values):
            seen += 1
            for version in KUBERNETES:
                try:
                    validate(found, version)
                except Exception as error:
                    raise AssertionError(f"{name}: {found['kind']} for {version}: {str(error)[:400]}") from error
    assert seen > 40, seen


def an_unknown_member_of_an_object_is_found(chart):
    for found in chart.objects(examples()["httproute"]):
        broken = copy.deepcopy(found)
        broken.setdefault("spec", broken)["replicaz"] = 1
        try:
            validate(broken, "1.33")
        except Exception:
            continue
        raise AssertionError(f"nobody noticed replicaz in {found['kind']}")


def validate(found, version):
    """Against the schema of Kubernetes; resources of others against our own, which have only what we render."""
    own = HERE / "resources" / f"{found['kind']}.json"
    if own.exists():
        jsonschema.validate(found, json.loads(own.read_text()))
    else:
        kubernetes_validate.validate(found, version, strict=True)


def every_pod_is_restricted(chart):
    seen = []
    for name, values in examples().items():
        for pod, spec in restricted.pods(chart.objects(values)):
            seen.append(pod)
            found = restricted.faults(spec)
            assert not found, f"{name}: {pod}: {found}"
    kinds = {pod.split("/")[0] for pod in seen}
    assert kinds == {"Deployment", "Job", "Pod"}, kinds


def the_restricted_check_finds_what_it_is_for(chart):
    for pod, spec in restricted.pods(chart.objects(examples()["ingress"])):
        for expected, spoil in restricted.mutations():
            bad = copy.deepcopy(spec)
            spoil(bad)
            found = restricted.faults(bad)
            assert any(expected in fault for fault in found), f"{pod}: {expected} was not found, but {found}"


def the_admission_of_kubernetes_agrees(chart):
    """Its own code, as an API server runs it in a namespace with `enforce=restricted`."""
    pods = {}
    for name, values in examples().items():
        for pod, spec in restricted.pods(chart.objects(values)):
            pods[f"{name}: {pod}"] = spec
            for at, (expected, spoil) in enumerate(restricted.mutations()):
                if expected not in restricted.BEYOND:
                    bad = copy.deepcopy(spec)
                    spoil(bad)
                    pods[f"{name}: {pod} spoilt by {at} {expected}"] = bad
    for version in ("latest", "v1.27"):
        done = subprocess.run([chart.podsecurity, "restricted", version], input=json.dumps(pods), capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        for pod, verdict in json.loads(done.stdout).items():
            assert bool(verdict) == ("spoilt" in pod), f"{version}: {pod}: {verdict or 'allowed'}"


def rendering_twice_gives_the_same(chart):
    for name, values in examples().items():
        assert chart.helm.render(values) == chart.text(values), name


def an_upgrade_renders_what_an_install_does(chart):
    for name, values in examples().items():
        assert chart.helm.render(values, upgrade=True) == chart.text(values), name


def templates_make_nothing_up(chart):
    """No random values, no look at the cluster, no clock: what renders differently every time rotates keys behind one's back."""
    for path in (CHART / "templates").rglob("*"):
        for action in re.findall(r"{{.*?}}", path.read_text(), re.S) if path.is_file() else []:
            assert not makes_up(action), f"{path.name}: {action}"
    for action in ("{{ now | date }}", "{{ .Release.Revision }}", '{{ genCAWithKey "a" 1 $k }}', "{{ (lookup `v1` `Secret`) }}", "{{ $x | encryptAES $y }}", "{{ .Release.IsInstall }}", "{{ .Capabilities.KubeVersion }}"):
        assert makes_up(action), action


# By families, so that a new one of a kind is there already. What the cluster or the release is at the moment differs between `helm template` and `helm install`.
UNSTEADY = re.compile(
    r"\b(rand\w*|shuffle|gen[A-Z]\w*|build[A-Z]\w*Cert\w*|uuid\w*|lookup|getHostByName|env|expandenv"
    r"|now|ago|date|date\w*|htmlDate\w*|dateModify|mustDateModify|toDate|mustToDate|unixEpoch|duration\w*"
    r"|htpasswd|bcrypt|derivePassword|encrypt\w*|decrypt\w*)\b"
    r"|\.Release\.(Revision|IsInstall|IsUpgrade)\b|\.Capabilities\b"
)


def makes_up(action):
    code = re.sub(r'"(\\.|[^"\\])*"|/\*.*?\*/', "", action, flags=re.S)
    return UNSTEADY.search(code)


def nothing_is_secret_in_what_is_rendered(chart):
    for name, values in examples().items():
        for found in chart.objects(values):
            assert found["kind"] != "Secret", name
            annotations = found["metadata"].get("annotations", {})
            if found["kind"] in ("ServiceAccount", "ConfigMap"):
                assert not any(key.startswith("helm.sh/hook") for key in annotations), f"{name}: {found['kind']} is a hook"


def one_image_is_named(chart):
    for name, values in examples().items():
        images = {container["image"] for _, spec in restricted.pods(chart.objects(values)) for container in restricted.containers(spec)}
        assert len(images) == 1, f"{name}: {images}"
    assert images  # the last example's
    named = {name: image(chart, values) for name, values in examples().items()}
    assert named["ingress"] == "registry.example.org/identity/vestibule@sha256:" + "0123456789abcdef" * 4, named
    assert named["extended"] == "mirror.example.com/vestibule:1.2.3", named
    assert named["postgres"] == f"vestibule:{yaml.safe_load((CHART / 'Chart.yaml').read_text())['appVersion']}", named


def image(chart, values):
    return deployment(chart, values)["spec"]["template"]["spec"]["containers"][-1]["image"]


def deployment(chart, values):
    return one(chart, values, "Deployment")


def one(chart, values, kind):
    found = [found for found in chart.objects(values) if found["kind"] == kind]
    assert len(found) == 1, f"{len(found)} × {kind}"
    return found[0]


def the_defaults_are_those_of_the_database(chart):
    postgres, sqlite = deployment(chart, examples()["postgres"])["spec"], deployment(chart, examples()["sqlite"])["spec"]
    assert postgres["replicas"] == 2 and sqlite["replicas"] == 1
    assert postgres["strategy"] == {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}
    assert sqlite["strategy"] == {"type": "Recreate"}
    assert "replicas" not in deployment(chart, examples()["ingress"])["spec"], "the autoscaler's number would be overwritten"
    budget = one(chart, examples()["postgres"], "PodDisruptionBudget")["spec"]
    assert budget["maxUnavailable"] == 1 and budget["unhealthyPodEvictionPolicy"] == "AlwaysAllow"


def every_server_has_three_probes_and_starts_slowly(chart):
    for name, values in examples().items():
        container = deployment(chart, values)["spec"]["template"]["spec"]["containers"][0]
        probes = {kind: container[f"{kind}Probe"] for kind in ("startup", "readiness", "liveness")}
        assert probes["startup"]["periodSeconds"] * probes["startup"]["failureThreshold"] >= 600, name
        paths = {kind: probe["httpGet"]["path"] for kind, probe in probes.items()}
        assert paths == {"startup": "/health/live", "readiness": "/health/ready", "liveness": "/health/live"}, paths


def routes_and_services_reach_named_ports_that_exist(chart):
    for name, values in examples().items():
        objects = chart.objects(values)
        pod = deployment(chart, values)["spec"]["template"]
        ports = {port["name"]: port for port in pod["spec"]["containers"][0]["ports"]}
        services = {found["metadata"]["name"]: found for found in objects if found["kind"] == "Service"}
        for service in services.values():
            assert service["spec"]["selector"].items() <= pod["metadata"]["labels"].items(), name
            assert all(port["targetPort"] in ports for port in service["spec"]["ports"]), name
        for found in objects:
            if found["kind"] == "Ingress":
                backend = found["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]
                assert backend["port"]["name"] in [port["name"] for port in services[backend["name"]]["spec"]["ports"]], name
            if found["kind"] == "HTTPRoute":
                backend = found["spec"]["rules"][0]["backendRefs"][0]
                assert backend["port"] in [port["port"] for port in services[backend["name"]]["spec"]["ports"]], name
            if found["kind"] == "NetworkPolicy":
                assert all(port["port"] in ports for rule in found["spec"].get("ingress", []) for port in rule["ports"]), name


def the_internal_port_is_for_prometheus_alone(chart):
    for name, values in examples().items():
        objects = chart.objects(values)
        public = one_named(objects, "Service", deployment(chart, values)["metadata"]["name"])
        assert [port["targetPort"] for port in public["spec"]["ports"]] != ["internal"] and len(public["spec"]["ports"]) == 1, name
        for found in objects:
            if found["kind"] in ("Ingress", "HTTPRoute"):
                assert "internal" not in str(found["spec"]), name
            if found["kind"] == "NetworkPolicy":
                opened = [rule.get("from") for rule in found["spec"].get("ingress", []) for port in rule["ports"] if port["port"] == "internal"]
                expected = [values["networkPolicy"]["metricsFrom"]] if name == "monitoring" and "matchExpressions" not in found["spec"]["podSelector"] else []
                assert opened == expected, f"{name}: {opened}"


def what_is_scraped_is_the_internal_port(chart):
    objects = chart.objects(examples()["monitoring"])
    monitor = one_named(objects, "ServiceMonitor", "vestibule")["spec"]
    service = one_named(objects, "Service", "vestibule-internal")
    assert monitor["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    selected = [found for found in objects if found["kind"] == "Service" and monitor["selector"]["matchLabels"].items() <= found["metadata"]["labels"].items()]
    assert selected == [service], "every pod would be scraped more than once"
    assert monitor["endpoints"][0]["port"] == service["spec"]["ports"][0]["name"]
    pods = one(chart, examples()["extended"], "PodMonitor")["spec"]
    pod = deployment(chart, examples()["extended"])["spec"]["template"]
    assert pods["selector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()
    assert pods["podMetricsEndpoints"][0]["port"] in [port["name"] for port in pod["spec"]["containers"][0]["ports"]]


# The service sees a changed document by itself.
DOCUMENTS = {"declared": {"documents": {"b.toml": "# nothing"}}, "clients": []}


def what_changes_the_configuration_changes_the_pods_and_nothing_else_does(chart):
    base = examples()["postgres"]
    before = deployment(chart, base)["spec"]["template"]
    for change in ({"config": {"session": {"idle": "2h"}}}, {"mail": {"host": "other.example.com"}}, {"drain": {"delaySeconds": 5}}):
        after = deployment(chart, with_(base, change))["spec"]["template"]
        assert after["metadata"]["annotations"] != before["metadata"]["annotations"], change
    for change in ({"service": {"annotations": {"a": "b"}}}, {"ingress": {"enabled": True}}, {"replicaCount": 5}, {"networkPolicy": {"enabled": False}}, DOCUMENTS):
        assert deployment(chart, with_(base, change))["spec"]["template"] == before, change


def a_job_has_another_name_when_it_does_something_else(chart):
    base = examples()["ingress"]

    def jobs(values):
        found = [found for found in chart.objects(values) if found["kind"] == "Job"]
        return {found["metadata"]["labels"]["app.kubernetes.io/component"]: found for found in found}

    before = jobs(base)
    changes = [
        ({"declared": {"secretOverlap": "1h"}}, set()),
        ({"clients": base["clients"][:1]}, set()),
        ({"config": {"session": {"idle": "1h"}}}, set()),
        ({"image": {"digest": "sha256:" + "f" * 64}}, {"migrate"}),
        ({"resources": {"limits": {"memory": "1Gi"}}}, {"migrate"}),
        ({"tolerations": [{"operator": "Exists"}]}, {"migrate"}),
        ({"podAnnotations": {"a": "b"}}, {"migrate"}),
        ({"commonLabels": {"a": "b"}}, {"migrate"}),
        ({"jobs": {"backoffLimit": 1}}, {"migrate"}),
        ({"image": {"executable": "/bin/vestibule"}}, {"migrate"}),
        ({"service": {"port": 8080}}, set()),
    ]
    for change, expected in changes:
        after = jobs(with_(base, change))
        changed = {job for job in before if after[job]["metadata"]["name"] != before[job]["metadata"]["name"]}
        assert changed == expected, f"{change}: {changed}"
        for job in set(before) - changed:
            assert after[job]["spec"] == before[job]["spec"], f"{change} changes {job}, which cannot be changed"


def the_job_for_migrations_needs_nothing_of_the_release(chart):
    made = {found["metadata"]["name"] for found in chart.objects(examples()["ingress"]) if found["kind"] in ("ConfigMap", "ServiceAccount")}
    job = next(found for found in chart.objects(examples()["ingress"]) if found["metadata"]["name"].startswith("vestibule-migrate"))
    spec = job["spec"]["template"]["spec"]
    assert "serviceAccountName" not in spec
    assert not any(volume.get("configMap", {}).get("name") in made for volume in spec["volumes"])


def openshift_may_choose_the_users(chart):
    context = deployment(chart, examples()["openshift"])["spec"]["template"]["spec"]["securityContext"]
    assert not {"runAsUser", "runAsGroup", "fsGroup"} & {key for key, value in context.items() if value is not None}, context


def templates_in_extensions_are_expanded(chart):
    text = chart.text(examples()["extended"])
    assert "{{" not in text and "name: sso-text" in text and "vestibule-env" in text
    for found in parsed(text):
        assert found["metadata"].get("namespace", "identity") == "identity"
        if found["metadata"]["name"].startswith("sso") and found["metadata"]["name"] != "sso-text":
            assert found["metadata"]["labels"]["team"] == "identity" and found["metadata"]["annotations"]["example.com/owner"] == "vestibule"


def the_notes_say_where_it_is_and_what_is_missing(chart):
    notes = chart.helm.notes(examples()["postgres"])
    assert "https://id.example.com/.well-known/openid-configuration" in notes and "user add" in notes, notes
    assert notes.count("WARNING") == 1 and "networkPolicy.ingressFrom" in notes, notes
    bare = chart.helm.notes(with_(examples()["httproute"], {"proxy": {"trustedCidrs": []}, "replicaCount": 1, "resources": None}))
    for expected in ("no mail.host", "no proxy.trustedCidrs", "database.tls.mode", "one replica", "no resources.limits.memory"):
        assert f"WARNING: {expected}" in bare, f"{expected}: {bare}"
    scaled = chart.helm.notes(examples()["ingress"])
    assert "with all 12 pods an address gets up to 12 times as much" in scaled and "NOTE" not in notes, scaled
    dev = chart.helm.notes(examples()["dev"])
    assert "port-forward deployment/vestibule 8080:8080" in dev and "Everything is lost" in dev, dev


def the_documentation_is_true(chart):
    """Every block of values in the documentation renders; what is written as complete does alone."""
    readme, manual = (CHART / "README.md").read_text(), (ROOT / "docs" / "kubernetes.md").read_text()
    complete, *rest = blocks(readme, "yaml")
    chart.text(complete)
    found = rest + blocks(manual, "yaml")
    assert len(found) >= 4, len(found)
    for values in found:
        chart.text(with_(examples()["postgres"], values))
    example, *_ = blocks(manual, "yaml")
    chart.text(example)
    for text in (readme, manual):
        flags = re.findall(r"--set ([\w.]+)=(\S+?)`?(?=[\s.]|$)", text)
        assert len(flags) >= 4, flags
        chart.text(nested(flags))


def blocks(text, language):
    """Of values: not of objects, which have a kind."""
    found = [yaml.safe_load(block) for block in re.findall(rf"(?ms)^```{language}\n(.*?)^```", text)]
    return [values for values in found if "kind" not in values]


def nested(flags):
    """As `--set` does it."""
    values = {}
    for path, value in flags:
        *parents, last = path.split(".")
        place = values
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = {"true": True, "false": False}.get(value, value)
    return values


def the_version_is_that_of_the_program(chart):
    version = subprocess.run([chart.binary, "--version"], capture_output=True, text=True, check=True).stdout.split()[-1]
    assert yaml.safe_load((CHART / "Chart.yaml").read_text())["appVersion"] == version


def the_chart_needs_no_other_and_packs_without_a_network(chart):
    assert "dependencies" not in yaml.safe_load((CHART / "Chart.yaml").read_text())
    with tempfile.TemporaryDirectory() as directory:
        assert chart.helm.package(directory).stat().st_size > 10_000


def the_schema_and_the_readme_are_those_of_the_values_and_of_the_service(chart):
    for path, text in generate.files(chart.binary).items():
        assert path.read_text() == text, f"{path.name} is not what is generated: run `python3 tests/chart/generate.py`"


def every_value_is_described(chart):
    undescribed = [value.name for value in documented.leaves(documented.read()) if len(value.comment) < 8]
    assert not undescribed, undescribed


def the_schema_stands_alone(chart):
    schema = json.loads((CHART / "values.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    text = json.dumps(schema)
    assert schema["$schema"].endswith("2020-12/schema")
    assert "$ref" not in text and "$dynamicRef" not in text, "a reference: charts are installed where there is no network"


def the_list_of_settings_that_the_chart_writes_is_complete(chart):
    for name, values in examples().items():
        text = one_named(chart.objects(values), "ConfigMap", deployment(chart, values)["metadata"]["name"])["data"]["vestibule.toml"]
        for section, keys in tomllib.loads(text).items():
            chosen = (values.get("config") or {"log": {}}).get(section) or {}
            unexpected = set(keys) - set(OWN.get(section, [])) - set(chosen) - ({"format"} if section == "log" else set())
            assert not unexpected, f"{name}: [{section}] {unexpected}"


def one_named(objects, kind, name):
    return next(found for found in objects if found["kind"] == kind and found["metadata"]["name"] == name)


TESTS = [
    every_example_passes_a_strict_lint,
    every_object_is_valid_for_every_kubernetes,
    an_unknown_member_of_an_object_is_found,
    every_pod_is_restricted,
    the_restricted_check_finds_what_it_is_for,
    the_admission_of_kubernetes_agrees,
    rendering_twice_gives_the_same,
    an_upgrade_renders_what_an_install_does,
    templates_make_nothing_up,
    nothing_is_secret_in_what_is_rendered,
    one_image_is_named,
    the_defaults_are_those_of_the_database,
    every_server_has_three_probes_and_starts_slowly,
    routes_and_services_reach_named_ports_that_exist,
    the_internal_port_is_for_prometheus_alone,
    what_is_scraped_is_the_internal_port,
    what_changes_the_configuration_changes_the_pods_and_nothing_else_does,
    a_job_has_another_name_when_it_does_something_else,
    the_job_for_migrations_needs_nothing_of_the_release,
    openshift_may_choose_the_users,
    templates_in_extensions_are_expanded,
    the_notes_say_where_it_is_and_what_is_missing,
    the_documentation_is_true,
    the_version_is_that_of_the_program,
    the_chart_needs_no_other_and_packs_without_a_network,
    the_schema_and_the_readme_are_those_of_the_values_and_of_the_service,
    every_value_is_described,
    the_schema_stands_alone,
    the_list_of_settings_that_the_chart_writes_is_complete,
]
