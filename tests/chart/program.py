"""What the chart renders is what the program takes: its settings, arguments, paths and declared documents, with the real program.

The mounts of a container become directories below a temporary one, and their paths in settings and arguments are moved there.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
import tomllib
import urllib.error
import urllib.request
from pathlib import Path

import yaml

import restricted
from engine import examples, with_
from places import HERE, ROOT
from schema import OWN

sys.path.insert(0, str(ROOT / "tests" / "processes"))

from service import free_port  # noqa: E402

SECRET = "0123456789abcdef0123456789abcdef"
KEK = "ab" * 32


def secret_text(name, key):
    """What a Secret would hold."""
    if key in ("uri", "url"):
        return "postgresql://vestibule:secret@db.example.com:5432/vestibule"
    return KEK if key.endswith(".kek") else SECRET


class Pod:
    """A rendered pod, with its volumes on this machine."""

    def __init__(self, objects, spec, directory):
        self.root = Path(directory)
        self.maps = {found["metadata"]["name"]: found["data"] for found in objects if found["kind"] == "ConfigMap"}
        services = [found["metadata"]["name"] for found in objects if found["kind"] == "Service" and not found["metadata"]["name"].endswith("-internal")]
        self.service = services[0].upper().replace("-", "_")
        self.volumes = {volume["name"]: volume for volume in spec.get("volumes", [])}
        self.spec = spec

    def materialise(self, container):
        """Makes what is mounted; files last, so that paths in them can be moved too."""
        self.mounts = {mount["mountPath"]: self.volumes[mount["name"]] for mount in container.get("volumeMounts", [])}
        for path, volume in self.mounts.items():
            place = Path(self.moved(path))
            place.mkdir(parents=True, exist_ok=True)
            for name, text in self.files(volume):
                file = place / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(self.moved(text))
                file.chmod(0o400)

    def files(self, volume):
        if "configMap" in volume:
            data = self.maps.get(volume["configMap"]["name"], {"ca.crt": certificate()})
            chosen = [item["key"] for item in volume["configMap"].get("items", [])] or list(data)
            return [(name, data[name]) for name in chosen]
        if "secret" in volume:
            items = volume["secret"].get("items", [{"key": "001.kek", "path": "001.kek"}])
            return [(item["path"], certificate() if item["key"].endswith(".crt") else secret_text(volume["name"], item["key"])) for item in items]
        sources = volume.get("projected", {}).get("sources", [])
        maps = [pair for source in sources if "configMap" in source for pair in self.maps.get(source["configMap"]["name"], {}).items()]
        secrets = [source["secret"] for source in sources if "secret" in source]
        return maps + [(item["path"], secret_text(source["name"], item["key"])) for source in secrets for item in source["items"]]

    def moved(self, text):
        """The longest first: `/etc/vestibule/mail` is not the beginning of `/etc/vestibule/mail-ca`. All at once: our own place is below `/tmp`."""
        paths = "|".join(re.escape(path) for path in sorted(self.mounts, key=len, reverse=True))
        return re.sub(rf"(?<![-\w.])(?<![-\w.]/)(sqlite://)?({paths})(?![-\w])", rf"\g<1>{self.root}\g<2>", text) if paths else text

    def environment(self, container):
        given = {entry["name"]: self.moved(entry["value"]) for entry in container.get("env", [])}
        # What Kubernetes puts into a pod that wants it.
        if self.spec.get("enableServiceLinks", True):
            host = "::1" if any("[$(" in value for value in given.values()) else "127.0.0.1"
            # The first Service is the public one.
            links = {"SERVICE_HOST": host, "SERVICE_PORT": "80", "PORT_80_TCP": "tcp://10.0.0.1:80"}
            links = {f"{self.service}_{name}": value for name, value in links.items()}
            given = {name: re.sub(r"\$\((\w+)\)", lambda found: links[found[1]], value) for name, value in given.items()} | links
        return {"PATH": "/usr/bin:/bin"} | given

    def arguments(self, container):
        return [self.moved(argument) for argument in container["args"]]


CERTIFICATE = []


def certificate():
    """Any certificate: authorities are read when the service starts."""
    if not CERTIFICATE:
        command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "/dev/null"]
        CERTIFICATE.append(subprocess.run([*command, "-subj", "/CN=ca.example.com", "-days", "2"], capture_output=True, text=True, check=True).stdout)
    return CERTIFICATE[0]


def run(chart, arguments, environment):
    done = subprocess.run([chart.binary, *arguments], env=environment, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


def the_program_accepts_the_settings_of_every_container(chart):
    seen = 0
    for name, values in examples().items():
        objects = chart.objects(values)
        for pod_name, spec in restricted.pods(objects):
            for container in restricted.containers(spec):
                if "env" not in container:
                    continue
                with tempfile.TemporaryDirectory() as directory:
                    pod = Pod(objects, spec, directory)
                    pod.materialise(container)
                    code, out, err = run(chart, ["config", "check", "--json"], pod.environment(container))
                assert code == 0, f"{name}: {pod_name}: {container['name']}: {err}"
                wanted = "http://localhost" if name == "dev" or container["name"] == "migrate" else values["issuer"].rstrip("/")
                assert json.loads(out)["issuer"].startswith(wanted), f"{name}: {pod_name}: {out}"
                seen += 1
    assert seen >= 15, seen


def every_setting_that_values_can_name_is_accepted(chart):
    """Each with its own default, or something like it: that the schema has the names and kinds of the program."""
    reference = json.loads(run(chart, ["config", "reference", "--json"], {})[1])
    config = {}
    for setting in reference:
        section, key = setting["name"].split(".")
        if key not in OWN.get(section, []) and setting["default"] is not None:
            config.setdefault(section, {})[key] = tomllib.loads(f"v = {setting['default']}")["v"]
    values = with_(examples()["sqlite"], {"config": config})
    objects = chart.objects(values)
    name, spec = next(restricted.pods(objects))
    with tempfile.TemporaryDirectory() as directory:
        pod = Pod(objects, spec, directory)
        pod.materialise(spec["containers"][0])
        code, out, err = run(chart, ["config", "check", "--json"], pod.environment(spec["containers"][0]))
    assert code == 0, err
    missing = {f"{section}.{key}" for section in config for key in config[section]} - set(json.loads(out)["set"])
    assert not missing, missing


def the_service_keeps_to_what_is_declared(chart):
    """With SQLite in place of PostgreSQL: the documents and their secrets are what is looked at."""
    for name in ("ingress", "sqlite", "dev"):
        values = examples()[name]
        with tempfile.TemporaryDirectory() as directory:
            own = {"VESTIBULE_DATABASE__URL": f"sqlite://{directory}/v.db", "VESTIBULE_DATABASE__MIGRATE_ON_START": "true"}
            with Serving(chart, values, directory, **own) as served:
                declared = {client["client_id"] for client in values["clients"]}
                ready(chart, served, declared)
                made = {scope["name"]: scope for scope in json.loads(run(chart, ["scope", "list", "--json"], served.environment)[1])}
                assert {name: made[name]["claims"] for name in made} == {scope["name"]: scope.get("claims", {}) for scope in values.get("scopes", [])}, made
                # Nothing of it is left to do, and what is taken out is disabled.
                code, out, err = run(chart, ["plan", "--json"], served.environment)
                assert code == 0 and json.loads(out)["changes"] == [], f"{name}: {out}{err}"
                document = Path(directory) / "etc/vestibule/declared/clients.toml"
                document.chmod(0o600)
                document.write_text("# nothing any more\n")
                ready(chart, served, set())
                clients = json.loads(run(chart, ["client", "list", "--json"], served.environment)[1])
                assert {client["client_id"]: client["enabled"] for client in clients} == dict.fromkeys(declared, False), clients


def a_secret_that_is_not_there_keeps_its_own_client_waiting(chart):
    values = examples()["sqlite"]
    with tempfile.TemporaryDirectory() as directory:
        with Serving(chart, values, directory, without="etc/vestibule/client-secrets/wiki-oidc/client-secret") as served:
            deadline = time.monotonic() + 20
            while not (objects := status(chart, served)["objects"]):
                assert time.monotonic() < deadline, served.log.read_text()
                time.sleep(0.2)
            assert [(found["id"], found["state"]) for found in objects] == [("wiki", "pending")], objects
            (Path(directory) / "etc/vestibule/client-secrets/wiki-oidc/client-secret").write_text(SECRET)
            ready(chart, served, {"wiki"})


def status(chart, served):
    return json.loads(run(chart, ["declared", "status", "--json"], served.environment)[1])


def ready(chart, served, clients, seconds=20):
    """Waits until exactly these clients are managed and ready."""
    deadline = time.monotonic() + seconds
    while True:
        found = status(chart, served)
        managed = {(object["id"], object["state"]) for object in found["objects"] if object["kind"] == "client"}
        if managed == {(client, "ready") for client in clients} and found["directory"]["state"] == "in_force":
            return
        assert time.monotonic() < deadline, f"{found}\n{served.log.read_text()}"
        time.sleep(0.2)


class Serving:
    """The server's container, on ports of ours and on loopback."""

    def __init__(self, chart, values, directory, url=None, without=None, **more):
        objects = chart.objects(values)
        spec = next(found for found in objects if found["kind"] == "Deployment")["spec"]["template"]["spec"]
        self.container = spec["containers"][0]
        pod = Pod(objects, spec, directory)
        pod.materialise(self.container)
        if without:
            (Path(directory) / without).unlink()
        self.port, self.internal = free_port(), free_port()
        self.environment = pod.environment(self.container) | {
            "VESTIBULE_SERVER__LISTEN": f"127.0.0.1:{self.port}",
            "VESTIBULE_SERVER__INTERNAL_LISTEN": f"127.0.0.1:{self.internal}",
            "VESTIBULE_SERVER__DRAIN_DELAY": "0s",
        }
        if values["issuer"].startswith("http://"):
            self.environment["VESTIBULE_SERVER__PUBLIC_URL"] = f"http://localhost:{self.port}"
        if url:
            mounted(self.environment, url)
        if "VESTIBULE_DATABASE__URL" in more:
            self.environment.pop("VESTIBULE_DATABASE__URL_FILE", None)
        self.environment |= more
        self.log = Path(directory) / "log"
        with open(self.log, "w") as log:
            command = [chart.binary, *pod.arguments(self.container)]
            self.process = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)

    def __enter__(self):
        path = self.container["readinessProbe"]["httpGet"]["path"]
        deadline = time.monotonic() + 30
        while self.get(path, self.internal) != 200:
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.__exit__()
                raise AssertionError(self.log.read_text())
            time.sleep(0.05)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def get(self, path, port=None):
        """The status, or nothing when nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port or self.port}{path}", timeout=5) as answer:
                self.body = answer.read().decode()
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return None


def mounted(environment, url):
    """Another URL in the Secret of the database."""
    file = Path(environment["VESTIBULE_DATABASE__URL_FILE"])
    file.chmod(0o600)
    file.write_text(url)


def the_service_starts_with_mounted_keys_and_answers_the_probes(chart):
    values = examples()["sqlite"]
    with tempfile.TemporaryDirectory() as directory, Serving(chart, values, directory) as served:
        for probe in ("startupProbe", "livenessProbe"):
            assert served.get(served.container[probe]["httpGet"]["path"], served.internal) == 200, probe
        assert served.get("/metrics") == 404, "the public port has metrics"
        kinds = sorted(os.listdir(Path(directory) / "etc/vestibule/keys"))
        assert kinds == ["001.kek"], f"the service made keys of its own: {kinds}"
        # The pod of `helm test`, as Kubernetes would fill it in.
        objects = chart.objects(values)
        test = next(found for found in objects if found["kind"] == "Pod")["spec"]
        pod = Pod(objects, test, directory)
        pod.materialise(test["containers"][0])
        asked = pod.environment(test["containers"][0])
        asked["VESTIBULE_SERVER__LISTEN"] = asked["VESTIBULE_SERVER__LISTEN"].replace(":80", f":{served.port}")
        arguments = pod.arguments(test["containers"][0])
        code, out, err = run(chart, arguments, asked)
        assert code == 0 and f"issuer {values['issuer']}\n4 keys, for RS256, PS256, ES256, EdDSA\nthe token endpoint answers" in out, out + err
        # Another installation's, one with a slash more, and nobody at all.
        other = [argument.replace("id.example.com", "id.example.org") for argument in arguments]
        code, out, err = run(chart, other, asked)
        assert other != arguments and code == 1 and 'the issuer is "https://id.example.com", not "https://id.example.org"' in err, out + err
        assert run(chart, [*arguments[:-1], arguments[-1] + "/"], asked)[0] == 1
        asked["VESTIBULE_SERVER__LISTEN"] = f"127.0.0.1:{free_port()}"
        code, _, err = run(chart, arguments, asked)
        assert code == 1 and "does not answer" in err, err
    assert served.process.returncode == 0, f"asked to stop, it ended with {served.process.returncode}"


def development_needs_no_secret_and_shows_the_first_link(chart):
    with tempfile.TemporaryDirectory() as directory, Serving(chart, examples()["dev"], directory) as served:
        assert "/setup?token=" in served.log.read_text(), "the notes say that the log has the link"


def the_alerts_fire_when_they_should_and_only_then(chart):
    rule = next(found for found in chart.objects(examples()["monitoring"]) if found["kind"] == "PrometheusRule")
    with tempfile.TemporaryDirectory() as directory:
        (Path(directory) / "alerts.yaml").write_text(yaml.safe_dump(rule["spec"]))
        cases = (HERE / "alerts_test.yaml").read_text()
        (Path(directory) / "test.yaml").write_text(cases)
        for command in (["check", "rules", "alerts.yaml"], ["test", "rules", "test.yaml"]):
            done = subprocess.run(["promtool", *command], cwd=directory, capture_output=True, text=True)
            assert done.returncode == 0, done.stdout + done.stderr
    alerts = {alert["alert"] for group in rule["spec"]["groups"] for alert in group["rules"]}
    looked_at = re.findall(r"alertname: (\w+)[^\n]*?(exp_alerts: \[\])?\}?\n", cases)
    for when, tested in (("silent", {name for name, nothing in looked_at if nothing}), ("fires", {name for name, nothing in looked_at if not nothing})):
        assert tested == alerts, f"{when}: without a test: {alerts ^ tested}"
    headings = {found.lower() for found in re.findall(r"(?m)^## (\w+)$", (ROOT / "docs/runbooks.md").read_text())}
    pointed = {alert["annotations"]["runbook_url"].split("#")[1] for group in rule["spec"]["groups"] for alert in group["rules"]}
    assert headings == pointed, f"docs/runbooks.md: {headings ^ pointed}"


TESTS = [
    the_program_accepts_the_settings_of_every_container,
    every_setting_that_values_can_name_is_accepted,
    the_service_keeps_to_what_is_declared,
    a_secret_that_is_not_there_keeps_its_own_client_waiting,
    the_service_starts_with_mounted_keys_and_answers_the_probes,
    development_needs_no_secret_and_shows_the_first_link,
    the_alerts_fire_when_they_should_and_only_then,
]
