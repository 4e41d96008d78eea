"""The kinds of small changes of the wire's rules and of the expected segments."""

import re

from mutation import tree
from mutation.mutant import OTHER_END, shifted
from mutation.tree import is_mapping, is_scalar, is_sequence, pairs, replace


def is_rule(visit):
    path = visit.path
    return is_mapping(visit.node) and (path[:1] == ("wire",) and len(path) == 2
                                       or path[:1] == ("steps",) and path[2:4] == ("wire", "add") and len(path) == 5)


def _rule_of(path):
    """What is below a rule: its name, and the path in it; nothing if the path is not in a rule."""
    if path[:1] == ("wire",):
        return path[1:]
    return path[4:] if path[:1] == ("steps",) and path[2:4] == ("wire", "add") else ()


def rules_dropped(file):
    for visit in filter(is_rule, file.visits):
        yield file.dropped("wire", visit, f"drop rule `{visit.path[-1]}: {file.source(visit.node)}`")


def rules_changed(file):
    for visit in file.visits:
        inside = _rule_of(visit.path)
        if len(inside) < 2 or inside[1] == "when":
            continue
        yield from _match_changed(file, visit, inside[0], inside[1:])


def _match_changed(file, visit, rule, path):
    node, last = visit.node, path[-1]
    about = f"rule {rule}, {'.'.join(str(part) for part in path)}"
    if last == "flags" or last in ("bytes", "only", "nth", "seq") and len(path) > 1:
        yield file.dropped("wire", visit, f"{about}: without `{file.source(node)}`")
    if not is_scalar(node):
        return
    new = None
    if last == "from":
        new = OTHER_END.get(node.value)
    elif last in ("nth", "seq", "step"):
        new = shifted(node.value)
        if last == "step":
            yield file.mutant("wire", visit, f"{about}: `{node.value}` → `{int(node.value) - 1}`",
                              replace(node, str(int(node.value) - 1)))
    elif last in ("after", "by"):
        new = "1ms"
    if new is not None:
        yield file.mutant("wire", visit, f"{about}: `{file.source(node)}` → `{new}`", replace(node, new))


def rule_actions_changed(file):
    for visit in filter(is_rule, file.visits):
        keys = {key: node for key, node, _ in pairs(visit.node)}
        if "drop" in keys:
            yield file.mutant("wire", visit, f"rule {visit.path[-1]}: duplicate instead of drop", replace(keys["drop"], "duplicate"))
        elif "duplicate" in keys:
            yield file.mutant("wire", visit, f"rule {visit.path[-1]}: drop instead of duplicate", replace(keys["duplicate"], "drop"))


def injections_changed(file):
    for visit in file.visits:
        path, node = visit.path, visit.node
        if path[:1] != ("steps",) or path[2:4] != ("wire", "inject") or len(path) != 5 or not is_scalar(node):
            continue
        if path[-1] == "from":
            yield file.changed("inject", visit, OTHER_END.get(node.value, node.value))
        elif path[-1] == "flags" and "$" not in node.value:
            yield file.changed("inject", visit, "ACK" if node.value != "ACK" else "RST")
        elif path[-1] == "icmp" and node.value in ("port-unreachable", "host-unreachable"):
            yield file.changed("inject", visit, "host-unreachable" if node.value.startswith("port") else "port-unreachable")
        elif path[-1] in ("seq", "bytes"):
            new = shifted(node.value) or re.sub(r"\d+", lambda number: str(int(number[0]) + 1), node.value)
            yield file.changed("inject", visit, new if new != node.value else "next+1")


def _is_list_of_segments(visit):
    return visit.path[:2] == ("expect", "segments") and len(visit.path) in (2, 3) and is_sequence(visit.node)


def segments_changed(file):
    for visit in filter(_is_list_of_segments, file.visits):
        about = f"{'.'.join(visit.path)} [{', '.join(file.source(item) for item in visit.node.value)}]"
        if not visit.node.value:
            yield file.mutant("segment", visit, f"{about}: and `client RST`", replace(visit.node, "[client RST]"))
        for index, item in enumerate(visit.node.value):
            yield from _segment_changed(file, visit, about, index, item)


def _segment_changed(file, visit, about, index, item):
    """One entry of a list: gone, from the other end, of another fate, another kind, another count."""
    head = item if is_scalar(item) else item.value[0][0]
    words = head.value.split()
    number = f"{about}, entry {index + 1}"

    def changed(new):
        text = f'"{new}"'
        return file.mutant("segment", visit, f"{number}: `{new}`", replace(head, text))

    if re.search("FIN|RST|SYN", words[1]):  # others may be left out
        yield file.mutant("segment", visit, f"{number}: dropped", tree.without(file.text, visit.node, index))
    if words[0] in OTHER_END:
        yield changed(" ".join([OTHER_END[words[0]], *words[1:]]))
    for fate in ("lost", "injected"):
        if fate in words:
            yield changed(" ".join(word for word in words if word != fate))
    if "lost" not in words and "injected" not in words:
        yield changed(head.value + " lost")
    if re.search(r"\bFIN\b|\bRST\b", words[1]):
        swapped = "RST" if "FIN" in words[1] else "FIN"
        yield changed(" ".join([words[0], re.sub("FIN|RST", swapped, words[1]), *words[2:]]))
    count = next((word for word in words if re.fullmatch(r"x\d+", word)), None)
    yield changed(head.value.replace(count, f"x{int(count[1:]) + 1}") if count else head.value + " x2")
    for key, _, value in pairs(item.value[0][1]) if is_mapping(item) else []:
        if shifted(value.value) is not None:
            yield file.mutant("segment", visit, f"{number}: {key} `{value.value}` → `{shifted(value.value)}`",
                              replace(value, shifted(value.value)))
