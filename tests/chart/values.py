"""The chart's values.yaml with its comments: what the README and the schema are made of."""

from dataclasses import dataclass, field

import yaml

from places import CHART


@dataclass
class Value:
    """One documented value, or a group of them."""

    path: tuple
    comment: str
    default: object
    children: list = field(default_factory=list)

    @property
    def name(self):
        return ".".join(self.path)


def read(text=None):
    """Every value that has a comment of its own, and the groups they are in. A comment belongs to the key right below it."""
    text = (CHART / "values.yaml").read_text() if text is None else text
    defaults = yaml.safe_load(text)
    root = Value((), "", defaults)
    stack, comment = [(-1, root)], []
    for line in text.splitlines():
        bare = line.strip()
        if bare.startswith("#"):
            comment.append(bare[1:].strip())
            continue
        if not bare or bare.startswith("- "):
            comment = []
            continue
        indent = len(line) - len(line.lstrip())
        while stack[-1][0] >= indent:
            stack.pop()
        parent, key = stack[-1][1], bare.split(":", 1)[0]
        if parent is not None:
            path = parent.path + (key,)
            value = Value(path, " ".join(comment), parent.default[key])
            # Below a value that has a comment of its own nothing is ours: it belongs to Kubernetes or to the service.
            group = isinstance(value.default, dict) and value.default and not comment
            parent.children.append(value)
            stack.append((indent, value if group else None))
        else:
            stack.append((indent, None))
        comment = []
    return root


def leaves(value):
    """The values that are set, not the groups."""
    if not value.children and value.path:
        yield value
    for child in value.children:
        yield from leaves(child)
