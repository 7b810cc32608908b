"""A Kubernetes cluster on loopback: etcd, the real API server, controllers and scheduler, and kwok, which plays the nodes and says that pods run."""

import base64
import json
import secrets
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "processes"))

from service import Failed, check, free_port, until  # noqa: E402

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CHART = ROOT / "helm" / "vestibule"
NODES = {"one": "a", "two": "b", "three": "c"}


class Cluster:
    def __init__(self, tools, directory):
        self.tools, self.path = Path(tools), Path(directory)
        self.processes = []
        self.token = secrets.token_hex(16)
        self.ports = {name: free_port() for name in ("etcd", "etcd-peer", "api", "controllers", "scheduler", "kwok")}
        self.url = f"https://127.0.0.1:{self.ports['api']}"
        self.kubeconfig = self.path / "kubeconfig"
        self.environment = {"PATH": f"{self.tools}:/usr/bin:/bin", "HOME": str(self.path), "KUBECONFIG": str(self.kubeconfig)}

    def __enter__(self):
        try:
            self.start()
        except Exception:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            process.terminate()
        for process in reversed(self.processes):
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def run(self, name, *command):
        log = self.path / f"{name}.log"
        with open(log, "w") as output:
            process = subprocess.Popen(command, stdout=output, stderr=output, env=self.environment, cwd=self.path, start_new_session=True)
        process.log = log
        self.processes.append(process)
        return process

    def start(self):
        key = self.path / "service-accounts.key"
        subprocess.run(["openssl", "genrsa", "-out", str(key), "2048"], check=True, capture_output=True)
        (self.path / "tokens.csv").write_text(f'{self.token},admin,admin,"system:masters"\n')
        etcd = f"http://127.0.0.1:{self.ports['etcd']}"
        self.run("etcd", "etcd", "--data-dir", "etcd", "--listen-client-urls", etcd, "--advertise-client-urls", etcd,
                 "--listen-peer-urls", f"http://127.0.0.1:{self.ports['etcd-peer']}")  # fmt: skip
        self.api_server(etcd, key)
        self.write_kubeconfig()
        own = ["--kubeconfig", str(self.kubeconfig), "--leader-elect=false", "--bind-address=127.0.0.1"]
        self.run("controllers", "control-plane", "kube-controller-manager", *own, f"--secure-port={self.ports['controllers']}",
                 f"--service-account-private-key-file={key}", f"--root-ca-file={self.certificate}", "--use-service-account-credentials")  # fmt: skip
        self.run("scheduler", "control-plane", "kube-scheduler", f"--config={self.scheduling()}", f"--secure-port={self.ports['scheduler']}", "--bind-address=127.0.0.1")
        self.run("kwok", "kwok", "--kubeconfig", str(self.kubeconfig), "--config", str(self.tools.parent / "kwok-stages.yaml"), "--manage-all-nodes=true", "--node-lease-duration-seconds=40", "--node-ip=127.0.0.1",
                 f"--server-address=127.0.0.1:{self.ports['kwok']}")  # fmt: skip
        self.apply(nodes())
        until("the nodes are ready", lambda: ready_nodes(self) == len(NODES), 120)

    def api_server(self, etcd, key):
        certificates = self.path / "certificates"
        self.certificate = certificates / "apiserver.crt"
        server = self.run(
            "apiserver", "control-plane", "kube-apiserver", f"--etcd-servers={etcd}", f"--secure-port={self.ports['api']}", "--bind-address=127.0.0.1", "--advertise-address=127.0.0.1",
            f"--cert-dir={certificates}", "--endpoint-reconciler-type=none", "--service-cluster-ip-range=10.96.0.0/16,fd00:10::/112", "--allow-privileged",
            "--authorization-mode=RBAC", f"--token-auth-file={self.path / 'tokens.csv'}", f"--service-account-issuer={self.url}",
            f"--service-account-key-file={key}", f"--service-account-signing-key-file={key}",
        )  # fmt: skip
        self.write_kubeconfig(check_certificate=False)

        def answers():
            check(server.poll() is None, "the API server ended:", server.log.read_text()[-3000:])
            return subprocess.run(["kubectl", "get", "--raw", "/readyz"], env=self.environment, capture_output=True).returncode == 0

        until("the API server is ready", answers, 180)

    def scheduling(self):
        """With the scheduler that an example asks for by name."""
        path = self.path / "scheduler.json"
        path.write_text(json.dumps({
            "apiVersion": "kubescheduler.config.k8s.io/v1", "kind": "KubeSchedulerConfiguration", "leaderElection": {"leaderElect": False},
            "clientConnection": {"kubeconfig": str(self.kubeconfig)},
            "profiles": [{"schedulerName": "default-scheduler"}, {"schedulerName": "bin-packing"}],
        }))  # fmt: skip
        return path

    def write_kubeconfig(self, check_certificate=True):
        trust = {"insecure-skip-tls-verify": True}
        if check_certificate:
            trust = {"certificate-authority-data": base64.b64encode(self.certificate.read_bytes()).decode()}
        self.kubeconfig.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "it",
            "clusters": [{"name": "it", "cluster": {"server": self.url, **trust}}],
            "users": [{"name": "admin", "user": {"token": self.token}}],
            "contexts": [{"name": "it", "context": {"cluster": "it", "user": "admin"}}],
        }))  # fmt: skip
        self.kubeconfig.chmod(0o600)

    def done(self, *command, text=None):
        """Exit code, and what was said on both ways."""
        done = subprocess.run(command, env=self.environment, input=text, capture_output=True, text=True, timeout=300)
        return done.returncode, done.stdout, done.stderr

    def kubectl(self, *arguments, text=None):
        code, out, err = self.done("kubectl", *arguments, text=text)
        check(code == 0, "kubectl", *arguments, err, out)
        return out

    def helm(self, *arguments, text=None, user=None):
        code, out, err = self.done("helm", *arguments, *(["--kube-as-user", user] if user else []), text=text)
        check(code == 0, "helm", *arguments, err, out)
        return out

    def apply(self, objects, *more):
        return self.kubectl("apply", "--server-side", "-f", "-", *more, text=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))

    def get(self, kinds, namespace=None, *more):
        where = ["--namespace", namespace] if namespace else []
        return json.loads(self.kubectl("get", kinds, *where, *more, "--output", "json")).get("items", [])

    def one(self, kind, name, namespace):
        return json.loads(self.kubectl("get", kind, name, "--namespace", namespace, "--output", "json"))


def nodes():
    room = {"cpu": "8", "memory": "16Gi", "pods": "110"}
    return [
        {
            "apiVersion": "v1", "kind": "Node",
            "metadata": {"name": name, "labels": {
                "kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64", "topology.kubernetes.io/zone": zone}},
            "status": {"allocatable": room, "capacity": room},
        }
        for name, zone in NODES.items()
    ]  # fmt: skip


def ready_nodes(cluster):
    found = [condition for node in cluster.get("nodes") for condition in node.get("status", {}).get("conditions", [])]
    return sum(condition["type"] == "Ready" and condition["status"] == "True" for condition in found)


__all__ = ["CHART", "HERE", "ROOT", "Cluster", "Failed", "check", "until"]
