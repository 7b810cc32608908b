"""The restricted Pod Security Standard, and what we ask beyond it, of every pod."""

VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}


def pods(objects):
    """Name and spec of everything that makes pods."""
    for found in objects:
        kind, spec = found["kind"], found.get("spec", {})
        if kind == "CronJob":
            spec = spec["jobTemplate"]["spec"]
        name = f"{kind}/{found['metadata']['name']}"
        if kind == "Pod":
            yield name, spec
        elif "template" in spec and "containers" in spec["template"].get("spec", {}):
            yield name, spec["template"]["spec"]


def containers(spec):
    return [*spec.get("initContainers", []), *spec["containers"], *spec.get("ephemeralContainers", [])]


def faults(spec):
    """Everything about a pod that the standard, or we, do not allow."""
    return [*of_pod(spec), *(f"{container['name']}: {fault}" for container in containers(spec) for fault in of_container(container, spec))]


def of_pod(spec):
    for name in ("hostNetwork", "hostPID", "hostIPC"):
        if spec.get(name):
            yield name
    if spec.get("hostUsers") is True:
        yield "hostUsers"
    for volume in spec.get("volumes", []):
        kinds = set(volume) - {"name"}
        if not kinds <= VOLUMES:
            yield f"volume {volume['name']} is {', '.join(kinds)}"
        if "emptyDir" in volume and "sizeLimit" not in (volume["emptyDir"] or {}):
            yield f"volume {volume['name']} has no limit"
        for kind in ("secret", "projected"):
            if kind in volume and volume[kind].get("defaultMode") != 0o400:
                yield f"volume {volume['name']} is readable by others"
    context = spec.get("securityContext", {})
    if context.get("seccompProfile", {}).get("type") not in ("RuntimeDefault", "Localhost"):
        yield "no seccomp profile"
    if context.get("runAsUser") == 0 or context.get("runAsNonRoot") is not True:
        yield "may run as root"
    if any(not sysctl["name"].startswith(("kernel.shm_rmid_forced", "net.ipv4.")) for sysctl in context.get("sysctls", [])):
        yield "unsafe sysctl"
    # Beyond the standard.
    if spec.get("automountServiceAccountToken") is not False:
        yield "has a token of its service account"


def of_container(container, spec):
    context = container.get("securityContext", {})
    if context.get("privileged"):
        yield "privileged"
    if context.get("allowPrivilegeEscalation") is not False:
        yield "may gain privileges"
    capabilities = context.get("capabilities", {})
    if capabilities.get("drop") != ["ALL"] or set(capabilities.get("add", [])) - {"NET_BIND_SERVICE"}:
        yield "has capabilities"
    if context.get("runAsUser") == 0 or context.get("runAsNonRoot") is False:
        yield "may run as root"
    if context.get("seccompProfile", {}).get("type", "RuntimeDefault") == "Unconfined":
        yield "has no seccomp profile"
    if context.get("procMount", "Default") != "Default":
        yield "sees all of /proc"
    if any(port.get("hostPort") for port in container.get("ports", [])):
        yield "takes a port of the host"
    for handler in [container.get(probe, {}) for probe in ("startupProbe", "readinessProbe", "livenessProbe")]:
        if "host" in handler.get("httpGet", {}):
            yield "a probe names a host"
    # Beyond the standard.
    if context.get("readOnlyRootFilesystem") is not True:
        yield "can write to its image"
    resources = container.get("resources", {})
    if not resources.get("limits", {}).get("memory") or not resources.get("requests", {}).get("cpu"):
        yield "has no limits"


# What is found beyond the standard.
BEYOND = {"has no limit", "readable by others", "token", "can write to its image", "has no limits"}


# Each of these makes a good pod a bad one: what is changed, and what must be found.
def mutations():
    def context(**changes):
        return lambda pod: pod["containers"][0]["securityContext"].update(changes)

    def pod_context(**changes):
        return lambda pod: pod["securityContext"].update(changes)

    def pod(**changes):
        return lambda found: found.update(changes)

    def container(**changes):
        return lambda found: found["containers"][0].update(changes)

    return [
        ("hostNetwork", pod(hostNetwork=True)),
        ("hostPID", pod(hostPID=True)),
        ("hostIPC", pod(hostIPC=True)),
        ("is hostPath", lambda found: found.setdefault("volumes", []).append({"name": "root", "hostPath": {"path": "/"}})),
        ("has no limit", lambda found: found.setdefault("volumes", []).append({"name": "big", "emptyDir": {}})),
        ("readable by others", lambda found: found.setdefault("volumes", []).append({"name": "open", "secret": {"secretName": "s"}})),
        ("no seccomp profile", pod_context(seccompProfile={"type": "Unconfined"})),
        ("may run as root", pod_context(runAsNonRoot=False)),
        ("may run as root", pod_context(runAsUser=0)),
        ("unsafe sysctl", pod_context(sysctls=[{"name": "kernel.msgmax", "value": "1"}])),
        ("token", pod(automountServiceAccountToken=True)),
        ("privileged", context(privileged=True)),
        ("may gain privileges", context(allowPrivilegeEscalation=True)),
        ("has capabilities", context(capabilities={})),
        ("has capabilities", context(capabilities={"drop": ["ALL"], "add": ["SYS_ADMIN"]})),
        ("may run as root", context(runAsUser=0)),
        ("has no seccomp profile", context(seccompProfile={"type": "Unconfined"})),
        ("sees all of /proc", context(procMount="Unmasked")),
        ("takes a port of the host", container(ports=[{"containerPort": 1, "hostPort": 1}])),
        ("can write to its image", context(readOnlyRootFilesystem=False)),
        ("has no limits", container(resources={})),
        ("may gain privileges", lambda found: found.update(initContainers=[{"name": "bad"}])),
    ]
