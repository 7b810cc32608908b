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
from contextlib import contextmanager
from pathlib import Path

import restricted
from engine import examples, with_
from places import ROOT

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
        sources = [source["secret"] for source in volume.get("projected", {}).get("sources", [])]
        return [(item["path"], secret_text(source["name"], item["key"])) for source in sources for item in source["items"]]

    def moved(self, text):
        """The longest first: `/etc/vestibule/mail` is not the beginning of `/etc/vestibule/mail-ca`. All at once: our own place is below `/tmp`."""
        paths = "|".join(re.escape(path) for path in sorted(self.mounts, key=len, reverse=True))
        return re.sub(rf"(?<![-\w.])(?<![-\w.]/)(sqlite://)?({paths})(?![-\w])", rf"\g<1>{self.root}\g<2>", text) if paths else text

    def environment(self, container):
        given = {entry["name"]: self.moved(entry["value"]) for entry in container.get("env", [])}
        # What Kubernetes puts into a pod that wants it.
        if self.spec.get("enableServiceLinks", True):
            links = {"VESTIBULE_SERVICE_HOST": "127.0.0.1", "VESTIBULE_SERVICE_PORT": "80", "VESTIBULE_PORT_80_TCP": "tcp://10.0.0.1:80"}
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
    from schema import OWN

    config = {}
    for setting in reference:
        section, key = setting["name"].split(".")
        if key not in OWN.get(section, []) and setting["default"] is not None:
            import tomllib

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


def declared_clients_are_applied_as_rendered(chart):
    """With SQLite in place of PostgreSQL: the documents and their secrets are what is looked at."""
    for name in ("ingress", "sqlite", "dev"):
        objects = chart.objects(examples()[name])
        spec, container = next(
            (spec, container) for _, spec in restricted.pods(objects) for container in restricted.containers(spec) if container["name"] == "apply"
        )
        with tempfile.TemporaryDirectory() as directory:
            pod = Pod(objects, spec, directory)
            pod.materialise(container)
            environment = pod.environment(container)
            environment.pop("VESTIBULE_DATABASE__URL_FILE", None)
            environment |= {"VESTIBULE_DATABASE__URL": f"sqlite://{directory}/v.db", "VESTIBULE_DATABASE__MIGRATE_ON_START": "true"}
            code, out, err = run(chart, [*pod.arguments(container), "--json"], environment)
            assert code == 0, f"{name}: {err}"
            applied = json.loads(out)
            clients = {change["id"] for change in applied["changes"] if change["kind"] == "client"}
            assert clients == {client["client_id"] for client in examples()[name]["clients"]}, f"{name}: {out}"
            again = json.loads(run(chart, [*pod.arguments(container), "--json"], environment)[1])
            assert again["changes"] == [], f"{name}: {again}"


@contextmanager
def serving(chart, values, directory):
    """The server's container, on a port of ours and on loopback."""
    objects = chart.objects(values)
    spec = next(found for found in objects if found["kind"] == "Deployment")["spec"]["template"]["spec"]
    container = spec["containers"][0]
    pod = Pod(objects, spec, directory)
    pod.materialise(container)
    port = free_port()
    environment = pod.environment(container) | {"VESTIBULE_SERVER__LISTEN": f"127.0.0.1:{port}", "VESTIBULE_SERVER__DRAIN_DELAY": "0s"}
    if "VESTIBULE_DATABASE__URL_FILE" in environment:
        del environment["VESTIBULE_DATABASE__URL_FILE"]
        environment["VESTIBULE_DATABASE__URL"] = f"sqlite://{directory}/v.db"
    log = open(Path(directory) / "log", "w+")
    process = subprocess.Popen([chart.binary, *pod.arguments(container)], env=environment, stdout=log, stderr=log)
    try:
        yield container, port, environment, process, Path(directory) / "log"
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        log.close()


def get(port, path):
    import urllib.error
    import urllib.request

    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None


def the_service_starts_with_mounted_keys_and_answers_the_probes(chart):
    with tempfile.TemporaryDirectory() as directory, serving(chart, examples()["sqlite"], directory) as (container, port, environment, process, log):
        ready = container["readinessProbe"]["httpGet"]["path"]
        deadline = time.monotonic() + 30
        while get(port, ready) != 200:
            assert process.poll() is None and time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        for probe in ("startupProbe", "livenessProbe"):
            assert get(port, container[probe]["httpGet"]["path"]) == 200, probe
        kinds = sorted(os.listdir(Path(directory) / "etc/vestibule/keys"))
        assert kinds == ["001.kek"], f"the service made keys of its own: {kinds}"
        # The pod of `helm test`, as Kubernetes would fill it in.
        objects = chart.objects(examples()["sqlite"])
        test = next(found for found in objects if found["kind"] == "Pod")
        pod = Pod(objects, test["spec"], directory)
        pod.materialise(test["spec"]["containers"][0])
        asked = {name: value.replace(":80", f":{port}") if name.endswith("LISTEN") else value for name, value in pod.environment(test["spec"]["containers"][0]).items()}
        code, out, err = run(chart, pod.arguments(test["spec"]["containers"][0]), asked)
        assert code == 0 and "ready" in out, err
        unanswered = {name: f"127.0.0.1:{free_port()}" if name.endswith("LISTEN") else value for name, value in asked.items()}
        assert run(chart, ["healthcheck"], unanswered)[0] != 0
    assert process.returncode == 0, f"asked to stop, it ended with {process.returncode}"


def development_needs_no_secret_and_is_asked_by_command(chart):
    with tempfile.TemporaryDirectory() as directory, serving(chart, examples()["dev"], directory) as (container, port, environment, process, log):
        command = container["readinessProbe"]["exec"]["command"]
        assert command[0] == container["command"][0]
        deadline = time.monotonic() + 30
        while run(chart, command[1:], environment)[0] != 0:
            assert process.poll() is None and time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        assert "/setup?token=" in log.read_text(), "the notes say that the log has the link"


TESTS = [
    the_program_accepts_the_settings_of_every_container,
    every_setting_that_values_can_name_is_accepted,
    declared_clients_are_applied_as_rendered,
    the_service_starts_with_mounted_keys_and_answers_the_probes,
    development_needs_no_secret_and_is_asked_by_command,
]
