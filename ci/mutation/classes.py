"""The classes of equivalent mutants: for each an exact rule, checked for the very mutant.

The reasons are in ci/equivalent-mutants.yaml, under the same names.
"""

import fnmatch
import re

from mutation.mutant import step_key
from mutation.tree import condition_of, find, is_mapping, is_scalar, is_sequence, lives_in, pairs

OBSERVING = {"rebind", "counter"}
OBSERVING_CALLS = {"poll", "get"}
SENDS_FIN = {"FIN-WAIT-1", "LAST-ACK"}


def _dropped_step(mutant):
    """(key, argument) of the step that the mutant drops; nothing for another mutant."""
    if mutant.kind != "step":
        return None, None
    _, name, argument = step_key(mutant.visit.node)
    return name, argument


def _call(argument):
    """(name, mapping of arguments or None) of a peer's call."""
    if is_mapping(argument) and argument.value:
        name, _, value = pairs(argument)[0]
        return name, value
    return (argument.value, None) if is_scalar(argument) else (None, None)


def _value_in(node, variant):
    """What stands there in a variant, after `cases`."""
    cases = find(node, "cases")
    if cases is None:
        return node
    for case in cases.value:
        if lives_in(((True, condition_of(find(case, "when"))),), variant):
            return find(case, "is")
    return find(node, "else")


def _text(mutant, node, variant):
    """A scalar's text in a variant, `${name}` inserted."""
    node = _value_in(node, variant)
    if not is_scalar(node):
        return None
    name = node.value[2:-1] if node.value.startswith("${") else None
    return mutant.file.insertions[name][variant[name]] if name in variant else node.value


def _expected_states(mutant, variant, endpoint):
    """The sequence that `expect` has for an endpoint, by its name or by a glob; nothing if it has none."""
    for name, _, node in pairs(find(mutant.file.root, "expect")):
        if name != "segments" and fnmatch.fnmatchcase(endpoint, name):
            states = _value_in(node, variant)
            return [state.value for state in states.value] if is_sequence(states) else []
    return []


def _fails(call, variant):
    """Is the call expected to fail, or to find the end of file?"""
    expect = find(call, "expect")
    result = _value_in(expect, variant) if expect is not None else None
    return is_scalar(result) and (result.value == "eof" or result.value.startswith("E"))


def waits_for_judged_states(mutant):
    """A dropped wait for states, each of which `expect` demands of its endpoint as well; or one that ends too early."""
    name, argument = _dropped_step(mutant)
    if mutant.kind == "wait" and mutant.visit.path[3:4] == ("state",):
        argument = step_key(mutant.file.steps.value[mutant.visit.path[1]])[2]
        name = "wait"
    states = find(argument, "state") if name == "wait" else None
    if states is None or find(argument, "took") is not None:
        return False
    for endpoint, _, value in pairs(states):
        for variant in mutant.live:
            if _text(mutant, value, variant) not in _expected_states(mutant, variant, endpoint):
                return False
    return True


def waits_for_order(mutant):
    """A dropped wait for an async call, the end of a peer, or a segment; or such a wait for another segment."""
    if mutant.kind == "wait":
        return mutant.visit.path[3:4] == ("segment",)
    name, argument = _dropped_step(mutant)
    return name == "wait" and any(find(argument, what) is not None for what in ("call", "exit", "segment"))


def observes(mutant):
    """A dropped step that looks and changes nothing: rebind, counter, poll, get, a hold point with `holds`."""
    name, argument = _dropped_step(mutant)
    if name == "wait":
        return find(argument, "holds") is not None
    return name in OBSERVING or is_mapping(argument) and _call(argument)[0] in OBSERVING_CALLS


def calls_without_effect(mutant):
    """A dropped call that fails, or finds the end of file, in every variant."""
    _, argument = _dropped_step(mutant)
    call = _call(argument)[1] if is_mapping(argument) else None
    return call is not None and is_mapping(call) and all(_fails(call, variant) for variant in mutant.live)


def _stays_open(mutant, peer, endpoint):
    """Does nothing close an endpoint before the end of the run, in its file or by its expected states?"""
    if all(_expected_states(mutant, variant, endpoint) == ["ESTABLISHED"] for variant in mutant.live):
        return True
    listeners = {"listener"}
    for step in mutant.file.steps.value:
        _, name, argument = step_key(step)
        call, arguments = _call(argument)
        if call == "listen" and find(arguments, "as") is not None:
            listeners.add(find(arguments, "as").value)
        if call in ("fork", "pass") or name == "signal" or name == peer and call == "exit":
            return False
        if name == peer and call == "close" and not (is_scalar(arguments) and arguments.value in listeners):
            return False
    return True


def reads_what_stays_open(mutant):
    """A dropped recv at an endpoint that stays open."""
    peer, argument = _dropped_step(mutant)
    name, call = _call(argument) if is_mapping(argument) else (None, None)
    if name != "recv":
        return False
    on = find(call, "on")
    return _stays_open(mutant, peer, on.value if is_scalar(on) else peer)


def closes_what_has_ended(mutant):
    """A dropped close of an endpoint that a step before has seen in TIME-WAIT or CLOSED."""
    peer, argument = _dropped_step(mutant)
    name, target = _call(argument)
    if name != "close" or target is not None and not is_scalar(target):
        return False
    endpoint = target.value if target is not None else peer
    for step in mutant.file.steps.value[:mutant.visit.index]:
        wait = find(step, "wait")
        state = find(find(wait, "state"), endpoint) if wait is not None else None
        if is_scalar(state) and state.value in ("TIME-WAIT", "CLOSED"):
            return True
    return False


def refused_either_way(mutant):
    """An option less on a bind that is refused with it."""
    if mutant.kind != "option" or "without option" not in mutant.what:
        return False
    expect = find(mutant.visit.parent, "expect")
    return expect is not None and all(
        is_scalar(result) and result.value == "EADDRINUSE" for result in (_value_in(expect, variant) for variant in mutant.live))


def _accepted(file, listener):
    """The endpoints that are accepted from a listener."""
    for step in file.steps.value:
        _, peer, argument = step_key(step)
        name, call = _call(argument)
        if name == "accept":
            on, given = find(call, "on"), find(call, "as")
            if on is None or on.value == listener:
                endpoint = given.value if given is not None else peer
                yield endpoint + "1" if find(call, "times") is not None else endpoint


def lingers_without_fin(mutant):
    """SO_LINGER 0 at endpoints that send no FIN or are not closed, or on a call that fails."""
    if mutant.kind != "option" or "with option `SO_LINGER`" not in mutant.what:
        return False
    _, peer, argument = step_key(mutant.file.steps.value[mutant.visit.path[1]])
    name, call = _call(argument)
    given = find(call, "as")
    if name == "listen":
        endpoints = list(_accepted(mutant.file, given.value if given is not None else "listener"))
    else:
        endpoints = [(given.value if given is not None else peer) + ("1" if find(call, "times") is not None else "")]
    return all(_stays_open(mutant, peer, endpoint)
               or all(_fails(call, variant) or not SENDS_FIN.intersection(_expected_states(mutant, variant, endpoint))
                      for variant in mutant.live)
               for endpoint in endpoints)


def _told_apart(file, name, one, other):
    """Does any condition of the file hold for one of two labels only?"""
    return any((one in condition[name]) != (other in condition[name])
               for visit in file.visits for _, condition in visit.conditions
               if name in condition and visit.path[:1] != ("matrix",))


def labels_that_are_alike(mutant):
    """Another value for a label, or for `${name}`, where no condition of the file tells the labels apart."""
    path, labels = mutant.visit.path, mutant.file.dimensions
    if path[:1] == ("matrix",) and mutant.kind == "matrix":
        names = labels[path[1]]
        other = names[(names.index(path[2]) + 1) % len(names)]
        return not _told_apart(mutant.file, path[1], path[2], other)
    node = mutant.visit.node
    name = node.value[2:-1] if is_scalar(node) and node.value.startswith("${") else None
    return name in labels and all(not _told_apart(mutant.file, name, labels[name][0], other) for other in labels[name])


def longer_than_the_default(mutant):
    """Another tcp_rto_min_us, or none, where it is so long that even its half is not below the default of 0.2 s."""
    value = re.search(r"\btcp_rto_min_us: `?(\d+)", mutant.what) if mutant.kind == "sysctl" else None
    return value is not None and int(value[1]) >= 400_000


CLASSES = {
    "judged-wait": waits_for_judged_states,
    "order": waits_for_order,
    "observation": observes,
    "no-effect": calls_without_effect,
    "read-while-open": reads_what_stays_open,
    "close-after-the-end": closes_what_has_ended,
    "refused-anyway": refused_either_way,
    "linger-without-fin": lingers_without_fin,
    "labels-alike": labels_that_are_alike,
    "for-slow-machines": longer_than_the_default,
}
