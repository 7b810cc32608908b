"""The image under runc, held in as Kubernetes' restricted profile holds it, and more: an empty, read-only root, no capability, no new privileges,
the seccomp filter that container engines bring as their default."""

import json
import os
import platform
import signal
import subprocess
from pathlib import Path

# Of Debian's golang-github-containers-common, which buildah needs: the same as containerd's and Docker's.
SECCOMP = Path("/usr/share/containers/seccomp.json")
ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()]


class Bundle:
    """The image unpacked, to be run any number of times."""

    def __init__(self, layout, directory):
        self.path = Path(directory) / "bundle"
        subprocess.run(["umoci", "unpack", "--image", layout, str(self.path)], check=True, capture_output=True)
        self.state = Path(directory) / "runc"
        self.made = json.loads((self.path / "config.json").read_text())["process"]
        self.runs = 0

    def configure(self, arguments, environment, user, mounts):
        uid, gid = user
        options = ["nosuid", "nodev", "noexec"]
        empty = {name: [] for name in ("bounding", "effective", "permitted", "inheritable", "ambient")}
        config = {
            "ociVersion": "1.0.2",
            "process": {
                "terminal": False,
                "user": {"uid": uid, "gid": gid, "umask": 0o22},
                "args": ["/vestibule", *arguments],
                "env": self.made["env"] + [f"{name}={value}" for name, value in environment.items()],
                "cwd": self.made["cwd"],
                "capabilities": empty,
                "noNewPrivileges": True,
                "rlimits": [{"type": "RLIMIT_NOFILE", "hard": 4096, "soft": 1024}],
            },
            "root": {"path": "rootfs", "readonly": True},
            "hostname": "vestibule",
            "mounts": [
                {"destination": "/proc", "type": "proc", "source": "proc"},
                {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755", "size=64k"]},
                *mounts,
            ],
            # The network is the machine's: what is served is served on loopback.
            "linux": {
                "namespaces": [{"type": kind} for kind in ("pid", "mount", "ipc", "uts")],
                "seccomp": seccomp(),
                "maskedPaths": ["/proc/kcore", "/proc/keys", "/proc/sysrq-trigger", "/proc/timer_list"],
                "readonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys"],
            },
        }
        for name in ("/tmp", "/data"):
            if not any(mount["destination"] == name for mount in mounts):
                config["mounts"].append({"destination": name, "type": "tmpfs", "source": "tmpfs", "options": [*options, "mode=1777", "size=64m"]})
        (self.path / "config.json").write_text(json.dumps(config))

    def start(self, *arguments, environment=None, user=(65532, 65532), mounts=(), output=subprocess.PIPE):
        self.configure(arguments, environment or {}, user, list(mounts))
        self.runs += 1
        name = f"vestibule-{os.getpid()}-{self.runs}"
        command = ["runc", "--root", str(self.state), "run", "--bundle", str(self.path), name]
        # A group of its own: whoever interrupts the tests does not interrupt what they end in order.
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, text=True, start_new_session=True)
        return Container(self, name, process)

    def run(self, *arguments, **more):
        """To its end: exit code and output."""
        container = self.start(*arguments, **more)
        with container:
            output, _ = container.process.communicate(timeout=60)
        return container.process.returncode, output


class Container:
    def __init__(self, bundle, name, process):
        self.bundle, self.name, self.process = bundle, name, process

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.runc("kill", self.name, "KILL")
            self.process.wait(20)
        self.runc("delete", "--force", self.name)

    def runc(self, *arguments):
        return subprocess.run(["runc", "--root", str(self.bundle.state), *arguments], capture_output=True, text=True, timeout=60)

    def execute(self, *arguments):
        """Another process in the same container, with the same rights."""
        return self.runc("exec", "--no-new-privs", self.name, "/vestibule", *arguments)

    @property
    def pid(self):
        return json.loads(self.runc("state", self.name).stdout)["pid"]

    def status(self):
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return dict(line.split(":\t", 1) for line in lines if ":\t" in line)

    def stop(self):
        """As a container engine does it: SIGTERM to the first process."""
        os.kill(self.pid, signal.SIGTERM)


def seccomp():
    """The engines' profile as runc takes it, for a process without capabilities on this architecture."""
    profile = json.loads(SECCOMP.read_text())
    calls = []
    for entry in profile["syscalls"]:
        includes = entry.get("includes") or {}
        if includes.get("caps") or ARCHITECTURE not in includes.get("arches", [ARCHITECTURE]):
            continue
        names = {"names": entry["names"], "action": entry["action"], "args": entry.get("args") or []}
        calls.append(names | ({"errnoRet": entry["errnoRet"]} if "errnoRet" in entry else {}))
    architectures = [line["architecture"] for line in profile["archMap"] if line["architecture"].endswith(platform.machine().upper())]
    return {
        "defaultAction": profile["defaultAction"],
        "defaultErrnoRet": profile["defaultErrnoRet"],
        "architectures": architectures,
        "syscalls": calls,
    }
