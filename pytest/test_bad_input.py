"""A wrong scenario file is refused before anything runs, with its place, the line, a caret and the word that was meant."""

import pytest

HEAD = "scenario: 1\ntitle: T\n"
STEPS = HEAD + "steps:\n"
CONNECTED = STEPS + "  - server: listen\n  - client: connect\n  - server: accept\n"

# name: text of the file, line:column, message; the line and the caret follow from them
CASES = {
    "syntax": (HEAD + "steps: [a, b]]\n", "3:14", "bad YAML: illegal flow end"),
    "tab": (HEAD + "steps:\n\t- server: listen\n", "4:1", "a tab indents this line; YAML wants spaces"),
    "duplicate key": (HEAD + "title: U\nsteps: []\n", "3:1", "duplicate key 'title'; it is given in line 2, too"),
    "missing key": ("scenario: 1\nsteps: []\n", "1:1", "'scenario' needs the key 'title'"),
    "version": ("scenario: 2\ntitle: T\nsteps: []\n", "1:11", "scenario format '2' is not known; this is 1"),
    "key": ("scenario: 1\ntitel: T\nsteps: []\n", "2:1", "unknown key 'titel'; did you mean 'title'?"),
    "step": (STEPS + "  - wiat: {exit: server}\n", "4:5", "unknown peer or step 'wiat'; did you mean 'wait'?"),
    "call": (STEPS + "  - client: conect\n", "4:13", "unknown call 'conect'; did you mean 'connect'?"),
    "key of a call": (STEPS + "  - server: {listen: {backlock: 5}}\n", "4:23",
                      "unknown key 'backlock'; did you mean 'backlog'?"),
    "option": (STEPS + "  - server: {listen: {options: [SO_REUSEADR]}}\n", "4:33",
               "unknown option 'SO_REUSEADR'; did you mean 'SO_REUSEADDR'?"),
    "state": (CONNECTED + "  - wait: {state: {server: TIMEWAIT}}\n", "7:28",
              "unknown state 'TIMEWAIT'; did you mean 'TIME-WAIT'?"),
    "errno": (STEPS + "  - client: {connect: {expect: ECONREFUSED}}\n", "4:32",
              "unknown errno 'ECONREFUSED'; did you mean 'ECONNREFUSED'?"),
    "sysctl": (HEAD + "hosts: {server: {sysctl: {net.ipv4.tcp_fintimeout: 2}}}\nsteps: []\n", "3:27",
               "unknown sysctl 'net.ipv4.tcp_fintimeout'; did you mean 'net.ipv4.tcp_fin_timeout'?"),
    "type": ("scenario: 1\ntitle: [T]\nsteps: []\n", "2:8", "text is wanted here, not a list"),
    "unit": (STEPS + "  - client: {connect: {within: 5}}\n", "4:32", "a duration needs a unit, e.g. 5s"),
    "number": (STEPS + "  - server: {listen: {port: 65536}}\n", "4:29", "65536 is not in 0..65535"),
    "endpoint": (CONNECTED + "  - client: {close: clint}\n", "7:21",
                 "unknown endpoint 'clint'; did you mean 'client'?"),
    "endpoint of the other": (CONNECTED + "  - client: {close: server}\n", "7:21",
                              "peer 'client' does not hold endpoint 'server'; it holds: client"),
    "closed before": (CONNECTED + "  - client: close\n  - client: close\n", "8:13",
                      "peer 'client' has closed endpoint 'client' (line 7)"),
    "dead peer": (CONNECTED + "  - signal: {peer: server, send: KILL}\n  - server: close\n", "8:5",
                  "peer 'server' has ended (line 7); declare another one under 'peers'"),
    "peer of a lost host": (CONNECTED + "  - host: {server: vanish}\n  - server: close\n", "8:5",
                            "peer 'server' ended when its host vanished (line 7)"),
    "rule": (HEAD + "wire: {r: {hold: {flags: FIN}}}\nsteps: [server: listen]\n", "3:11",
             "'hold' needs 'until', e.g. until: {sees: {…}}, {step: N} or {after: 50ms}"),
    "rule that is not there": (CONNECTED + "  - wire: {remove: fin}\n", "7:20", "unknown rule 'fin'"),
    "impossible states": (CONNECTED + "expect:\n  server: [ESTABLISHED, CLOSE-WAIT, TIME-WAIT]\n", "8:37",
                          "TIME-WAIT cannot follow CLOSE-WAIT"),
    "segment": (CONNECTED + "expect:\n  segments: [server FINE]\n", "8:14", "unknown flag 'FINE'; did you mean 'FIN'?"),
}


def diagnosis(path, text, place, message):
    line, column = map(int, place.split(":"))
    wrong = text.splitlines()[line - 1]
    padding = "".join("\t" if character == "\t" else " " for character in wrong[:column - 1])
    return f"{path}:{place}: {message}\n{wrong}\n{padding}^\n"


@pytest.mark.parametrize("case", CASES)
def test_wrong_file(lastack, write_scenario, tmp_path, case):
    text, place, message = CASES[case]
    path = write_scenario(text)
    result = lastack("run", path, "--evidence", tmp_path / "none")
    assert result.stderr == diagnosis(path, text, place, message)
    assert (result.returncode, result.stdout) == (2, "")
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("option", ["--list", "--dry-run"])
def test_wrong_file_cannot_be_listed_either(lastack, write_scenario, option):
    text, place, message = CASES["call"]
    path = write_scenario(text)
    result = lastack("run", path, option)
    assert (result.returncode, result.stdout, result.stderr) == (2, "", diagnosis(path, text, place, message))


@pytest.mark.parametrize("as_folder", [True, False])
def test_nothing_runs_if_one_of_two_files_is_wrong(lastack, write_scenario, tmp_path, as_folder):
    text, place, message = CASES["call"]
    right = write_scenario(STEPS + "  - server: listen\n", "test/a")
    wrong = write_scenario(text, "test/b")
    result = lastack("run", *([right.parent] if as_folder else [right, wrong]), "--evidence", tmp_path / "none")
    assert (result.returncode, result.stdout, result.stderr) == (2, "", diagnosis(wrong, text, place, message))
    assert not (tmp_path / "none").exists()


def test_every_wrong_file_is_named(lastack, write_scenario):
    paths = [write_scenario(CASES[case][0], f"test/{case}") for case in ("call", "type", "unit")]
    result = lastack("run", paths[0].parent)
    assert result.returncode == 2
    for path, case in zip(paths, ("call", "type", "unit")):
        assert diagnosis(path, *CASES[case]) in result.stderr


@pytest.mark.parametrize("content", [b"", b"# nothing\n", b"\xff\xfe", b"\0", b"[" * 5000, b"scenario: 1\n" * 2])
def test_rubbish_is_refused_with_the_name_of_the_file(lastack, tmp_path, content):
    path = tmp_path / "rubbish.yaml"
    path.write_bytes(content)
    result = lastack("run", path)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith(f"{path}:")


def test_folder_that_is_not_there(lastack, tmp_path):
    result = lastack("run", tmp_path / "none")
    assert (result.returncode, result.stdout) == (2, "")
    assert f"{tmp_path}/none: no such file or folder" in result.stderr
