"""The kinds of small changes, of steps and of what they expect; each function yields the mutants of one kind."""

from mutation import tree
from mutation.mutant import OTHER_END, add_pair, milliseconds, shifted, step_key
from mutation.tree import find, is_mapping, is_scalar, is_sequence, pairs, replace

NOT_PEERS = {"wait", "rebind", "signal", "host", "destroy", "counter", "wire"}
OPTION_PREFIXES = ("SO_", "TCP_", "IP_", "IPV6_")
LINGER_ZERO = "{SO_LINGER: {on: true, seconds: 0}}"

FOLLOWS = {
    "LISTEN": ["SYN-RECEIVED", "CLOSED"],
    "SYN-SENT": ["SYN-RECEIVED", "ESTABLISHED", "CLOSED"],
    "SYN-RECEIVED": ["ESTABLISHED", "FIN-WAIT-1", "CLOSED"],
    "ESTABLISHED": ["FIN-WAIT-1", "CLOSE-WAIT", "CLOSED"],
    "FIN-WAIT-1": ["FIN-WAIT-2", "CLOSING", "TIME-WAIT", "CLOSED"],
    "FIN-WAIT-2": ["TIME-WAIT", "CLOSED"],
    "CLOSE-WAIT": ["LAST-ACK", "CLOSED"],
    "CLOSING": ["TIME-WAIT", "CLOSED"],
    "LAST-ACK": ["CLOSED"],
    "TIME-WAIT": ["CLOSED"],
    "CLOSED": [],
}
OPENING = {"LISTEN", "SYN-SENT", "SYN-RECEIVED"}


def is_step(visit):
    return len(visit.path) == 2 and visit.path[0] == "steps" and is_mapping(visit.node)


def steps_dropped(file):
    for visit in filter(is_step, file.visits):
        yield file.dropped("step", visit, f"drop step `{file.source(visit.node)}`")


def _other_name(node):
    """The edits that make what a call is about that of the other end; None if there is no such thing."""
    names = node.value if is_sequence(node) else [node]
    if not all(is_scalar(name) and name.value in OTHER_END for name in names):
        return None
    return [replace(name, f'"{OTHER_END[name.value]}"') for name in names]


def _close_call(call):
    """(name of the call, node of what is closed or None) if it is a close or a shutdown."""
    if is_scalar(call):
        return (call.value, None) if call.value == "close" else (None, None)
    for name, _, value in pairs(call):
        if name in ("close", "shutdown"):
            return name, find(value, "on") if is_mapping(value) else value
    return None, None


def closers_swapped(file):
    for visit in filter(is_step, file.visits):
        key, name, call = step_key(visit.node)
        if name not in ("client", "server") or call is None:
            continue
        closes, target = _close_call(call)
        edits = _other_name(target) if target is not None else []
        if closes is not None and edits is not None:
            what = f"the other end closes instead: `{file.source(visit.node)}`"
            yield file.mutant("closer", visit, what, replace(key, OTHER_END[name]), *edits)


def _is_option(node):
    name = node.value if is_scalar(node) else pairs(node)[0][0] if is_mapping(node) and node.value else ""
    return name.startswith(OPTION_PREFIXES)


def options_removed(file):
    for visit in file.visits:
        if not is_sequence(visit.node) or visit.path[-1:] == ("refs",):
            continue
        for index, item in enumerate(visit.node.value):
            if _is_option(item):
                yield file.mutant("option", visit, f"{_call_of(visit)}: without option `{file.source(item)}`",
                                  tree.without(file.text, visit.node, index))


def _call_of(visit):
    return ".".join(str(part) for part in visit.path if not isinstance(part, int))


def _linger_added(file, visit, name):
    call = visit.node
    what = f"{_call_of(visit)}: with option `SO_LINGER` 0 (`{file.source(call)}`)"
    if is_scalar(call):  # `server: listen`
        return file.mutant("option", visit, what, replace(call, f"{{{name}: {{options: [{LINGER_ZERO}]}}}}"))
    options = find(call, "options")
    if options is None:
        return file.mutant("option", visit, what, add_pair(call, f"options: [{LINGER_ZERO}]"))
    if is_sequence(options) and options.flow_style:
        at = options.start_mark.index + 1
        return file.mutant("option", visit, what, tree.Edit(at, at, LINGER_ZERO + (", " if options.value else "")))
    return None


def options_added(file):
    """SO_LINGER with a time of 0 on what is connected, or accepted: RST where FIN was meant."""
    for visit in file.visits:
        path = visit.path
        if path[:1] != ("steps",) or len(path) not in (3, 4) or path[2] in NOT_PEERS:
            continue
        name = visit.node.value if len(path) == 3 and is_scalar(visit.node) else path[3] if len(path) == 4 else None
        if name in ("listen", "connect") and (is_mapping(visit.node) or len(path) == 3):
            mutant = _linger_added(file, visit, name)
            if mutant is not None:
                yield mutant


def sysctls_changed(file):
    for visit in file.visits:
        path = visit.path
        if len(path) == 4 and path[0] == "hosts" and path[2] == "sysctl":
            yield file.dropped("sysctl", visit, f"without sysctl `{path[1]}: {path[3]}: {file.source(visit.node)}`")
            value = visit.node.value
            if is_scalar(visit.node) and value.lstrip("-").isdigit():
                yield file.changed("sysctl", visit, "1" if value == "0" else str(int(value) // 2))
            elif is_scalar(visit.node) and value.split()[-1].isdigit():
                yield file.changed("sysctl", visit, f"{value.rsplit(maxsplit=1)[0]} {int(value.split()[-1]) + 4}")


def matrix_values_changed(file):
    """A label inserts what another one inserts."""
    for visit in file.visits:
        if len(visit.path) != 2 or visit.path[0] != "matrix" or not is_mapping(visit.node):
            continue
        values = [value for _, _, value in pairs(visit.node)]
        for inner in file.visits:
            if inner.parent is visit.node and is_scalar(inner.node):
                other = file.source(values[(inner.index + 1) % len(values)])
                if other != file.source(inner.node):
                    yield file.changed("matrix", inner, other)


def hosts_and_peers_changed(file):
    for visit in file.visits:
        last = visit.path[-1] if visit.path else None
        if visit.path[:1] not in (("hosts",), ("peers",), ("link",)) and visit.path[:1] != ("steps",):
            continue
        if last in ("delayed_ack", "user") and len(visit.path) <= 5:
            yield file.dropped(last, visit, f"without `{last}: {file.source(visit.node)}`")
        elif last == "on_term" and is_scalar(visit.node):
            words = ["default", "graceful", "close"]
            if visit.node.value in words:
                yield file.changed("on_term", visit, words[(words.index(visit.node.value) + 1) % 3])
        elif visit.path == ("link", "delay"):
            yield file.changed("link", visit, "1ms")


def words_changed(file):
    """Words that say what a step does."""
    other = {("shutdown", "how"): {"wr": "rd", "rd": "wr", "rdwr": "rd"}, ("signal", "send"): {}, ("host",): {}}
    for visit in file.visits:
        path = visit.path
        if path[:1] != ("steps",) or not is_scalar(visit.node):
            continue
        if path[-2:] == ("shutdown", "how") and visit.node.value in other[("shutdown", "how")]:
            yield file.changed("word", visit, other[("shutdown", "how")][visit.node.value])
        elif path[-2:] == ("signal", "send"):
            yield file.changed("word", visit, "KILL" if visit.node.value == "CONT" else "CONT")
        elif len(path) == 4 and path[2] == "host" and visit.node.value in ("reboot", "vanish"):
            yield file.changed("word", visit, "vanish" if visit.node.value == "reboot" else "reboot")


def states_changed(file):
    for visit in file.visits:
        path, node = visit.path, visit.node
        if path[:1] != ("expect",) or len(path) != 2 or path[1] == "segments" or not is_sequence(node):
            continue
        states = [item.value for item in node.value]
        if not states or any(state not in FOLLOWS for state in states):
            continue
        about = f"expect.{path[1]} [{', '.join(states)}]"
        for index, state in enumerate(states):
            if index == 0 and state in OPENING:
                continue  # where a sequence begins is the scenario's choice
            yield file.mutant("state", visit, f"{about}: without `{state}`", tree.without(file.text, node, index))
        for other in FOLLOWS[states[-2]] if len(states) > 1 else []:
            if other != states[-1]:
                yield file.mutant("state", visit, f"{about}: `{other}` at the end", replace(node.value[-1], other))
        for more in FOLLOWS[states[-1]]:
            end = node.value[-1].end_mark.index
            yield file.mutant("state", visit, f"{about}: and then `{more}`", tree.Edit(end, end, f", {more}"))


def waits_changed(file):
    for visit in file.visits:
        path, node = visit.path, visit.node
        if path[:1] != ("steps",) or path[2:3] != ("wait",) or not is_scalar(node):
            continue
        if path[-2] == "state" and node.value in FOLLOWS:
            yield file.changed("wait", visit, (FOLLOWS[node.value] or ["ESTABLISHED"])[0])
        elif path[3:4] == ("segment",) and path[-1] == "from":
            yield file.changed("wait", visit, OTHER_END.get(node.value, node.value))
        elif path[3:4] == ("segment",) and path[-1] == "nth":
            yield file.changed("wait", visit, shifted(node.value) or "9")


def results_changed(file):
    """What calls, rebinds and counters are expected to give."""
    for visit in file.visits:
        path, node = visit.path, visit.node
        if path[:1] != ("steps",):
            continue
        if path[-1] == "expect" and is_scalar(node):
            for other in _other_results(path, node.value):
                yield file.changed("expect", visit, other)
        elif path[-1] == "expect" and is_sequence(node) and len(node.value) > 1:
            for index, item in enumerate(node.value):
                yield file.mutant("expect", visit, f"{_call_of(visit)}: without `{item.value}`",
                                  tree.without(file.text, node, index))
        elif is_scalar(node) and (len(path) > 2 and path[-2] == "expect" or path[2:3] == ("counter",) and path[-1] != "host"):
            if shifted(node.value) is not None:
                yield file.changed("expect", visit, shifted(node.value))
        elif is_mapping(node) and path[2:] == ("rebind",) and not any(key in ("expect", "until") for key, _, _ in pairs(node)):
            yield file.mutant("expect", visit, f"rebind expects EADDRINUSE `{file.source(node)}`",
                              add_pair(node, "expect: EADDRINUSE"))
        elif path[-1] == "bytes" and path[2:3] != ("wire",) and is_scalar(node) and shifted(node.value) and "recv" in path:
            yield file.changed("expect", visit, shifted(node.value))


def _other_results(path, value):
    if value == "timeout":
        return ["in"]
    if "poll" in path:
        return ["timeout"]
    if shifted(value) is not None:
        return [shifted(value)]
    if value in ("ok", "success"):
        return ["EADDRINUSE"]
    if value == "eof":
        return ["ECONNRESET"]
    return ["ok" if "get" not in path else "0", "EINVAL" if value != "EINVAL" else "EPIPE"]


def times_changed(file):
    for visit in file.visits:
        if visit.path[:1] != ("steps",) or visit.path[-1] != "took" or not is_scalar(visit.node):
            continue
        least, most = (milliseconds(part) for part in visit.node.value.split(".."))
        yield file.changed("took", visit, f"{most + 1}ms..{2 * most + 1}ms")
        if least:
            yield file.changed("took", visit, f"0ms..{least // 2}ms")
