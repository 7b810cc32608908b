"""Resources of others (Prometheus operator, Gateway API) against their own definitions, as strictly as an API server with field validation takes them.

Rules in CEL (`x-kubernetes-validations`) are not evaluated.
"""

import copy
from functools import lru_cache
from pathlib import Path

import jsonschema
import yaml

from engine import LOADER, examples
from places import HERE

# Each must be rendered by some example.
KINDS = {path.stem for path in (HERE / "resources").glob("*.json")}


def every_custom_resource_fits_its_own_definition(chart):
    seen = set()
    for name, values in examples().items():
        for found in chart.objects(values):
            if found["kind"] not in KINDS:
                continue
            faults = problems(chart, found)
            assert not faults, f"{name}: {found['kind']}: {faults}"
            # And once of each kind: that this notices something at all, wherever an object is deep in it.
            paths = [] if found["kind"] in seen else objects_in(found["spec"])
            seen.add(found["kind"])
            for path in paths:
                broken = copy.deepcopy(found)
                place = broken["spec"]
                for step in path:
                    place = place[step]
                place["replicaz"] = 1
                assert problems(chart, broken) or is_map(path), f"nobody noticed replicaz in {found['kind']} at {path}"
    assert seen == KINDS, KINDS - seen


def problems(chart, found):
    version = found["apiVersion"].split("/")[1]
    return [f"{'.'.join(map(str, error.absolute_path))}: {error.message[:200]}" for error in validator(chart.crds, found["kind"], version).iter_errors(found)]


@lru_cache(maxsize=None)
def validator(directory, kind, version):
    for path in Path(directory).glob("*.yaml"):
        definition = yaml.load(path.read_text(), LOADER)["spec"]
        if definition["names"]["kind"] == kind:
            schema = next(served["schema"]["openAPIV3Schema"] for served in definition["versions"] if served["name"] == version and served["served"])
            return jsonschema.Draft202012Validator(strict(schema, root=True))
    raise AssertionError(f"{directory} has no definition of {kind}")


def strict(schema, root=False):
    """A structural schema as JSON Schema, in which a member that is not there is a mistake."""
    made = {key: value for key, value in schema.items() if not key.startswith("x-kubernetes") and key not in ("format", "nullable", "description", "default")}
    if schema.get("x-kubernetes-int-or-string"):
        made = {"type": ["integer", "string"]} | {key: value for key, value in made.items() if key not in ("type", "anyOf")}
    if "properties" in schema:
        made["properties"] = {name: strict(member) for name, member in schema["properties"].items()}
        if root:
            # Of every kind alike, and not described in definitions.
            made["properties"]["metadata"] = {"type": "object"}
        if not schema.get("x-kubernetes-preserve-unknown-fields"):
            made["additionalProperties"] = False
    elif isinstance(schema.get("additionalProperties"), dict):
        made["additionalProperties"] = strict(schema["additionalProperties"])
    if "items" in schema:
        made["items"] = strict(schema["items"])
    if schema.get("nullable") and isinstance(made.get("type"), str):
        made["type"] = [made["type"], "null"]
    return made


def objects_in(value, path=()):
    if isinstance(value, dict):
        yield path
    for step, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from objects_in(inner, (*path, step))


def is_map(path):
    """Where any name may stand; its values are texts, and a number is noticed there, too, unless the definition allows it."""
    return bool(path) and path[-1] in ("labels", "annotations", "matchLabels")


TESTS = [every_custom_resource_fits_its_own_definition]
