"""What the image is: looked at from outside, nothing is run."""

import gzip
import json
import subprocess
import tarfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
# Compressed, as it is pulled.
BUDGET = 40_000_000


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def digest(layout):
    return json.loads(output("skopeo", "inspect", f"oci:{layout}"))["Digest"]


def blob(layout, name):
    return Path(layout.rsplit(":", 1)[0]) / "blobs" / name.replace(":", "/")


def manifest(layout):
    return json.loads(output("skopeo", "inspect", "--raw", f"oci:{layout}"))


def the_program_is_static(given):
    """No interpreter and no library; and placed anywhere in memory all the same."""
    headers, dynamic = output("readelf", "-lW", given.program), output("readelf", "-dW", given.program)
    assert "INTERP" not in headers and "NEEDED" not in dynamic, headers + dynamic
    assert "Elf file type is DYN" in headers, "not position-independent: " + headers
    assert "GNU_RELRO" in headers, headers
    assert "RWE" not in headers, headers


def the_program_names_no_directory_of_its_builder(given):
    found = Path(given.program).read_bytes()
    for place in {str(ROOT), str(Path.home() / ".cargo"), str(Path.home() / ".rustup")}:
        at = found.find(place.encode())
        assert at < 0, found[max(0, at - 80) : at + 160]


def the_image_is_the_program_and_nothing_else(given):
    layers = manifest(given.layout)["layers"]
    assert len(layers) == 1, layers
    with gzip.open(blob(given.layout, layers[0]["digest"])) as plain, tarfile.open(fileobj=plain) as layer:
        entries = {(entry.name.rstrip("/"), oct(entry.mode & 0o7777), entry.uid, entry.gid) for entry in layer.getmembers()}
    assert entries == {("vestibule", "0o755", 0, 0), ("data", "0o1777", 0, 0), ("tmp", "0o1777", 0, 0)}, entries


def the_image_says_what_it_is(given):
    config = json.loads(output("skopeo", "inspect", "--config", f"oci:{given.layout}"))
    made = config["config"]
    assert made["User"] == "65532:65532", made
    assert (made["Entrypoint"], made["Cmd"], made["WorkingDir"]) == (["/vestibule"], ["serve"], "/data"), made
    assert set(made["ExposedPorts"]) == {"8080/tcp", "9090/tcp"} and set(made["Volumes"]) == {"/data"}, made
    assert [entry.split("=")[0] for entry in made["Env"]] == ["PATH"], f"a variable would win over a configuration file: {made['Env']}"
    labels = {name.removeprefix("org.opencontainers.image."): value for name, value in made["Labels"].items()}
    assert set(labels) == {"title", "description", "version", "revision"}, labels
    assert labels["version"] == output(given.program, "--version").split()[1], labels
    revision = output("git", "-c", f"safe.directory={ROOT}", "-C", str(ROOT), "rev-parse", "HEAD").strip()
    assert labels["revision"].removesuffix("-modified") == revision, labels
    assert "Healthcheck" not in made, made


def the_image_is_small(given):
    found = manifest(given.layout)
    size = found["config"]["size"] + sum(layer["size"] for layer in found["layers"])
    print(f"         {size / 1e6:.2f} MB compressed, the program {Path(given.program).stat().st_size / 1e6:.2f} MB")
    assert size <= BUDGET, f"{size} bytes; the budget is {BUDGET}"


def the_same_program_makes_the_same_image(given):
    """With another mask, at another time, in another directory."""
    other = given.directory / "again"
    other.mkdir(mode=0o700)
    subprocess.run(["cp", given.program, str(other / "vestibule")], check=True)
    command = ["sh", "-c", 'umask 077; TMPDIR="$1" exec "$2" image', "sh", str(other), str(ROOT / "helm/image/build")]
    done = subprocess.run(command, env=given.environment | {"VESTIBULE_IMAGE_OUT": str(other)}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    layout = done.stdout.strip()
    assert digest(layout) == digest(given.layout), f"{digest(layout)} and {digest(given.layout)}"
    print(f"         {digest(layout)}")


TESTS = [
    the_program_is_static,
    the_program_names_no_directory_of_its_builder,
    the_image_is_the_program_and_nothing_else,
    the_image_says_what_it_is,
    the_image_is_small,
    the_same_program_makes_the_same_image,
]
