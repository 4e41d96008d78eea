"""What a mutant is, and all that kinds of mutations share."""

import dataclasses
import re

from mutation import tree
from mutation.tree import Edit, replace

OTHER_END = {"client": "server", "server": "client", "c*": "s*", "s*": "c*", "old-client": "old-server",
             "old-server": "old-client", "client-socket": "server-socket", "server-socket": "client-socket"}


@dataclasses.dataclass
class Mutant:
    """One small change of one scenario file."""

    file: object  # ScenarioFile
    line: int
    kind: str
    what: str  # the change; unique in its file
    edits: list
    live: list  # the variants that have what is changed
    visit: object = None

    @property
    def description(self):
        return f"line {self.line}: {self.what}"

    def text(self, variant):
        return tree.only(tree.apply(self.file.text, self.edits), variant)


class ScenarioFile:
    def __init__(self, name, text):
        self.name = name
        self.text = text
        self.root = tree.compose(text)
        self.visits = list(tree.walk(self.root))
        matrix = tree.Matrix(self.root)
        self.variants = matrix.variants()
        self.dimensions = matrix.dimensions
        self.insertions = matrix.insertions
        labels = tree.find(self.root, "labels")
        self.slow = labels is not None and "slow" in [label.value for label in labels.value]
        self.steps = tree.find(self.root, "steps")

    @property
    def folder(self):
        return self.name.split("/")[-2]

    def mutant(self, kind, visit, what, *edits, variants=None):
        live = [variant for variant in variants or self.variants if tree.lives_in(visit.conditions, variant)]
        return Mutant(self, tree.line_of(visit.node), kind, what, list(edits), live, visit)

    def changed(self, kind, visit, new, node=None):
        """The mutant that has `new` in the place of a node."""
        node = node or visit.node
        about = ".".join(str(part) for part in visit.path if not isinstance(part, int))
        return self.mutant(kind, visit, f"{about}: `{self.source(node)}` → `{new}`", replace(node, new))

    def dropped(self, kind, visit, what):
        return self.mutant(kind, visit, what, tree.without(self.text, visit.parent, visit.index))

    def source(self, node):
        return tree.source(self.text, node)


def step_key(step):
    """The key of a step that says what it is: a peer's name, wait, rebind …"""
    return next(((key, name, value) for name, key, value in tree.pairs(step) if name != "when"), (None, None, None))


def add_pair(node, text):
    """The edit that adds `text` (key: value) in front of a mapping's pairs."""
    begin = node.start_mark.index
    if node.flow_style:
        return Edit(begin + 1, begin + 1, f"{text}, " if node.value else text)
    return Edit(begin, begin, text + "\n" + " " * node.start_mark.column)


UNITS = {"ms": 1, "s": 1000, "min": 60000}


def milliseconds(text):
    number = re.fullmatch(r"([\d.]+)(ms|s|min)", text)
    return round(float(number[1]) * UNITS[number[2]]) if number else None


def shifted(text):
    """A number, a size or a range of them, outside of what it was; None if it is none of these."""
    number = re.fullmatch(r"(?:(-?\d+)\.\.)?(-?\d+)(B|[KMG]iB)?", text)
    if number is None:
        return None
    higher = f"{int(number[2]) + 1}{number[3] or ''}"
    return higher if number[1] is None else f"{higher}..{int(number[2]) + 2}{number[3] or ''}"
