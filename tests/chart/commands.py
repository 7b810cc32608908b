"""Commands that the documentation has people and pipelines run: they are there, they are called as the image has them, and their exit codes are as told."""

import json
import os
import re
import subprocess
import tempfile
from pathlib import Path

from engine import examples
from places import CHART, ROOT
from program import Serving, ready, run

PAGES = [*sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "docs" / "security").glob("*.md")), ROOT / "README.md", ROOT / "keys" / "README.md", CHART / "README.md"]


def what_is_run_in_a_pod_is_there(chart):
    """The image has no shell and no PATH: the program is `/vestibule`."""
    seen, faults = 0, []
    for page in PAGES:
        for line in re.findall(r"kubectl[^\n`]* (?:exec|run) [^\n`]*-- [^\n`]+", page.read_text().replace("\\\n", " ")):
            seen += 1
            if fault := of_line(chart, line):
                faults.append(f"{page.relative_to(ROOT)}: {line}: {fault}")
    assert not faults, faults
    notes = chart.helm.notes(examples()["ingress"])
    for line in re.findall(r"kubectl[^\n]* exec [^\n]+", notes):
        seen += 1
        assert not of_line(chart, line), line
    assert seen >= 7, seen
    for wrong in ("kubectl exec deploy/vestibule -- vestibule doctor", "kubectl exec deploy/vestibule -- /vestibule docter", "kubectl exec deploy/vestibule -- sh -c ls"):
        assert of_line(chart, wrong), wrong


def of_line(chart, line):
    program, *words = line.split(" -- ", 1)[1].split("#")[0].split("|")[0].split(">")[0].split()
    return f"not /vestibule but {program}" if program != "/vestibule" else of_words(chart, words)


def every_command_of_the_documentation_is_there(chart):
    """Whatever stands as `vestibule …` in code."""
    seen, faults = set(), []
    for page in PAGES:
        text = page.read_text()
        found = re.findall(r"`vestibule ([a-z][^`]*)`", text) + re.findall(r"(?m)^(?:[A-Z_]+=\S+ )*vestibule ([a-z].*)$", text)
        for command in found:
            words = command.split("#")[0].split()
            if fault := of_words(chart, words):
                faults.append(f"{page.relative_to(ROOT)}: vestibule {command}: {fault}")
            seen.add(words[0])
    assert not faults, faults
    assert len(seen) > 8, seen


COMMANDS = {}
# They come with the page that describes them.
LATER = set() if (ROOT / "docs" / "backup.md").exists() else {"backup", "restore"}


def of_words(chart, words):
    """Whether these begin with a command, and its subcommand where it has some."""
    here, given = (), list(words)
    while given and re.fullmatch(r"[a-z][-a-z|]*", given[0]):
        known = commands(chart, here)
        if not known:
            break
        # `disable|enable` in prose.
        names = given.pop(0).split("|")
        if not here and names[0] in LATER:
            return None
        if unknown := [name for name in names if name not in known]:
            return f"no command {' '.join([*here, *unknown])}"
        here = (*here, names[0])
    options = commands(chart, here, "options")
    return next((f"{' '.join(here)} has no {word}" for word in given if re.fullmatch(r"--[a-z-]+", word) and word not in options), None)


def commands(chart, words, what="commands"):
    if words not in COMMANDS:
        text = subprocess.run([chart.binary, *words, "--help"], capture_output=True, text=True, env={}).stdout
        listed = re.search(r"(?ms)^Commands:\n(.*?)(?:^\S|\Z)", text)
        names = re.findall(r"(?m)^  ([a-z][-a-z]*)", listed[1]) if listed else []
        COMMANDS[words] = {"commands": set(names), "options": set(re.findall(r"--[a-z-]+", text))}
    return COMMANDS[words][what]


TICKETS = """[[clients]]
client_id = "tickets"
redirect_uris = ["https://tickets.example.com/callback"]
client_secret_file = "secret"
"""
SECRET = "0123456789abcdef0123456789abcdef"


def settings(directory):
    return {
        "PATH": "/usr/bin:/bin",
        "VESTIBULE_SERVER__PUBLIC_URL": "https://id.example.com",
        "VESTIBULE_DATABASE__URL": f"sqlite://{directory}/v.db",
        "VESTIBULE_KEYS__DIRECTORY": f"{directory}/keys",
    }


def a_plan_says_in_its_exit_code_whether_anything_would_change(chart):
    with tempfile.TemporaryDirectory() as directory:
        environment, state = settings(directory), Path(directory) / "state.toml"
        state.write_text(TICKETS)
        (Path(directory) / "secret").write_text(SECRET)

        def plan():
            return run(chart, ["plan", str(state)], environment)

        assert plan()[0] == 1, "there is no database"
        assert run(chart, ["migrate", "up"], environment)[0] == 0
        code, out, _ = plan()
        assert code == 2 and "+ client tickets" in out and SECRET not in out, out
        assert run(chart, ["apply", str(state)], environment)[0] == 0
        assert plan()[0] == 0
        state.write_text(TICKETS + 'client_name = "Tickets"\n')
        code, out, _ = plan()
        assert code == 2 and "~ client tickets" in out, out
        state.write_text(TICKETS.replace("redirect_uris", "redirect_uri"))
        code, out, err = plan()
        assert code == 1 and not out and "state.toml:3" in err and "redirect_uris" in err, out + err
        assert plan()[0] == 1 and run(chart, ["plan", f"{directory}/none.toml"], environment)[0] == 1


def documents_are_checked_without_a_database(chart):
    """As a pipeline does it: no database, no keys, no secrets, nothing written."""
    with tempfile.TemporaryDirectory() as directory:
        documents = Path(directory) / "declared"
        documents.mkdir()
        environment = {"PATH": "/usr/bin:/bin", "VESTIBULE_SERVER__PUBLIC_URL": "https://id.example.com"}
        (documents / "tickets.toml").write_text(TICKETS)
        code, out, err = run(chart, ["declared", "check", str(documents), "--json"], environment)
        assert code == 0, err
        found = json.loads(out)
        assert found["valid"] and found["objects"] == {"client": ["tickets"]} and "client_secret_file" in found["waits"][0], found
        assert os.listdir(directory) == ["declared"] and os.listdir(documents) == ["tickets.toml"]
        (documents / "more.toml").write_text(TICKETS + "\n[[client]]\n")
        code, out, err = run(chart, ["declared", "check"], environment | {"VESTIBULE_DECLARED__DIRECTORY": str(documents)})
        assert code == 1 and not out and "more.toml:6" in err and "Did you mean `clients`?" in err, out + err
        # What the chart renders is fit, too, without the Secrets.
        for name, values in examples().items():
            text = next(found for found in chart.objects(values) if found["kind"] == "ConfigMap" and found["metadata"]["name"].endswith("-declared"))["data"]
            (rendered := Path(directory) / name).mkdir()
            for file, document in text.items():
                (rendered / file).write_text(document)
            code, out, err = run(chart, ["declared", "check", str(rendered)], environment)
            assert code == 0, f"{name}: {err}"


def the_time_zone_of_the_container_changes_nothing(chart):
    """An image without time zones, or with one: what is stored, printed and logged is UTC."""
    with tempfile.TemporaryDirectory() as directory, Serving(chart, examples()["dev"], directory, TZ="Pacific/Kiritimati") as served:
        # Until nothing happens any more.
        ready(chart, served, {client["client_id"] for client in examples()["dev"]["clients"]})
        printed = {zone: run(chart, ["audit", "list", "--json"], served.environment | {"TZ": zone}) for zone in ("UTC", "Asia/Kathmandu", "Pacific/Kiritimati", "nonsense", "")}
        assert {code for code, _, _ in printed.values()} == {0} and len({out for _, out, _ in printed.values()}) == 1, list(printed)
        events = json.loads(printed["UTC"][1])
        assert events and all(event["at"].endswith("Z") for event in events), events
        stamps = re.findall(r'"timestamp":"([^"]+)"', served.log.read_text())
        assert stamps and all(stamp.endswith("Z") for stamp in stamps), stamps[:3]
        hours = {stamp[:13] for stamp in stamps}
        # Fourteen hours off would show.
        now = subprocess.run(["date", "-u", "-d", "-2 hours", "+%Y-%m-%dT%H"], capture_output=True, text=True, check=True).stdout.strip()
        later = subprocess.run(["date", "-u", "-d", "+2 hours", "+%Y-%m-%dT%H"], capture_output=True, text=True, check=True).stdout.strip()
        assert all(now <= hour <= later for hour in hours | {event["at"][:13] for event in events}), (hours, now)


TESTS = [
    what_is_run_in_a_pod_is_there,
    every_command_of_the_documentation_is_there,
    a_plan_says_in_its_exit_code_whether_anything_would_change,
    documents_are_checked_without_a_database,
    the_time_zone_of_the_container_changes_nothing,
]
