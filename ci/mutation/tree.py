"""The YAML tree of a scenario with the place of each node in the text, so that a change is made in the text and nothing else moves."""

import dataclasses
import re
from typing import NamedTuple

import yaml

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Edit(NamedTuple):
    """text[begin:end] is replaced."""

    begin: int
    end: int
    text: str


def apply(text, edits):
    for edit in sorted(edits, reverse=True):
        text = text[:edit.begin] + edit.text + text[edit.end:]
    return text


def compose(text):
    return yaml.compose(text, Loader=LOADER)


def is_scalar(node):
    return isinstance(node, yaml.ScalarNode)


def is_sequence(node):
    return isinstance(node, yaml.SequenceNode)


def is_mapping(node):
    return isinstance(node, yaml.MappingNode)


def pairs(node):
    """(key, its node, the value's node) of a mapping; nothing for anything else."""
    return [(key.value, key, value) for key, value in node.value] if is_mapping(node) else []


def find(node, name):
    return next((value for key, _, value in pairs(node) if key == name), None)


def line_of(node):
    return node.start_mark.line + 1


def replace(node, text):
    return Edit(node.start_mark.index, node.end_mark.index, text)


def _spans(parent):
    """Where each entry of a collection begins and ends."""
    entries = parent.value if is_sequence(parent) else [(key, value) for key, value in parent.value]
    return [(entry[0], entry[1]) if isinstance(entry, tuple) else (entry, entry) for entry in entries]


def without(text, parent, index):
    """The edit that takes entry `index` out of a sequence or a mapping."""
    spans = _spans(parent)
    if len(spans) == 1:
        empty = "[]" if is_sequence(parent) else "{}"
        return replace(parent, empty) if parent.flow_style else _emptied_block(text, parent, empty)
    first, last = spans[index]
    begin, end = first.start_mark.index, last.end_mark.index
    if parent.flow_style:
        if index + 1 < len(spans):
            return Edit(begin, spans[index + 1][0].start_mark.index, "")
        return Edit(spans[index - 1][1].end_mark.index, end, "")
    if index + 1 < len(spans):
        return Edit(begin, spans[index + 1][0].start_mark.index, "")
    return Edit(text.rfind("\n", 0, begin), _end_of_block(text, parent), "")


def _end_of_block(text, parent):
    """The line break after the last line of a block collection, the comments behind it included."""
    end = parent.end_mark.index
    return len(text) if end >= len(text) else text.rfind("\n", 0, end)


def _emptied_block(text, parent, empty):
    begin = parent.start_mark.index
    return Edit(text.rfind("\n", 0, begin), _end_of_block(text, parent), " " + empty)


def source(text, node, limit=100):
    """A node's text on one line, without comments."""
    lines = text[node.start_mark.index:node.end_mark.index].splitlines()
    words = " ".join(re.sub(r"(^|\s)#.*", "", line).strip() for line in lines).strip()
    return words if len(words) <= limit else words[:limit - 1] + "…"


@dataclasses.dataclass(frozen=True)
class Visit:
    """A node on the way through the tree.

    `path`: keys and indices from the root, without `cases`, `is`, `else`; `conditions`: under which variants the node is
    there, as (wanted, {name: labels}).
    """

    node: object
    path: tuple
    conditions: tuple
    parent: object = None
    index: int = 0


def condition_of(when):
    return {name: {item.value for item in (value.value if is_sequence(value) else [value])} for name, _, value in pairs(when)}


def walk(node, path=(), conditions=(), parent=None, index=0):
    """Every node below and with this one, but for conditions."""
    when = find(node, "when")
    if when is not None and is_mapping(when):
        conditions += ((True, condition_of(when)),)
    cases = find(node, "cases")
    if cases is not None:
        yield from _walk_cases(node, cases, path, conditions)
        return
    yield Visit(node, path, conditions, parent, index)
    if is_sequence(node):
        for at, item in enumerate(node.value):
            yield from walk(item, (*path, at), conditions, node, at)
    for at, (key, _, value) in enumerate(pairs(node)):
        inner = conditions
        if key in ("when", "claims") or path == ("matrix",) and key == "exclude":
            continue
        if len(path) == 2 and path[0] == "matrix":
            inner += ((True, {path[1]: {key}}),)
        yield from walk(value, (*path, key), inner, node, at)


def _walk_cases(node, cases, path, conditions):
    for case in cases.value:
        when, value = find(case, "when"), find(case, "is")
        if when is None or value is None:
            continue
        yield from walk(value, path, (*conditions, (True, condition_of(when))), case, 1)
        conditions += ((False, condition_of(when)),)
    otherwise = find(node, "else")
    if otherwise is not None:
        yield from walk(otherwise, path, conditions, node, 1)


class Matrix:
    """The variants of a file."""

    def __init__(self, root):
        node = find(root, "matrix")
        self.dimensions = {}
        self.insertions = {}  # name → label → the scalar that `${name}` inserts
        self.excluded = []
        for name, _, value in pairs(node) if node is not None else []:
            if name == "exclude":
                self.excluded = [{k: v for k, v in condition_of(item).items() if k != "why"} for item in value.value]
            else:
                self.dimensions[name] = [key for key, _, _ in pairs(value)] or [item.value for item in value.value]
                inserted = [inner for _, _, inner in pairs(value)] or value.value
                self.insertions[name] = {label: inner.value if is_scalar(inner) else None
                                         for label, inner in zip(self.dimensions[name], inserted)}

    def variants(self):
        found = [{}]
        for name, labels in self.dimensions.items():
            found = [{**variant, name: label} for variant in found for label in labels]
        return [variant for variant in found if not any(_matches(one, variant) for one in self.excluded)]


def _matches(condition, variant):
    return all(variant[name] in labels for name, labels in condition.items())


def lives_in(conditions, variant):
    return all(_matches(condition, variant) == wanted for wanted, condition in conditions)


def only(text, variant):
    """The text of a scenario whose matrix leaves just this variant."""
    if not variant:
        return text
    root = compose(text)
    matrix = find(root, "matrix")
    others = {name: [label for label in labels if label != variant[name]] for name, labels in Matrix(root).dimensions.items()}
    left_out = [f"{{{name}: [{', '.join(labels)}], why: not in the sample}}" for name, labels in others.items() if labels]
    if not left_out:
        return text
    exclude = find(matrix, "exclude")
    if exclude is not None:
        at = exclude.start_mark.index
        if exclude.flow_style:
            return apply(text, [Edit(at + 1, at + 1, ", ".join(left_out) + ", ")])
        indent = "\n" + " " * exclude.start_mark.column
        return apply(text, [Edit(at, at, "".join(f"- {item}{indent}" for item in left_out))])
    entry = f"exclude: [{', '.join(left_out)}]"
    if matrix.flow_style:
        at = matrix.end_mark.index - 1
        return apply(text, [Edit(at, at, f", {entry}")])
    at = matrix.start_mark.index
    return apply(text, [Edit(at, at, entry + "\n" + " " * matrix.start_mark.column)])
