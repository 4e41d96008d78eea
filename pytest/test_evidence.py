"""What a run leaves can be read by other tools, gives the same verdict again, and shows when somebody changed it."""

import json
import pathlib
import re
import shutil
import struct
import subprocess

import pytest

SCENARIOS = pathlib.Path(__file__).resolve().parent.parent / "scenarios"
CLOSE = SCENARIOS / "normal" / "active-close-client.yaml"
RESET = SCENARIOS / "abort" / "linger-zero.yaml"
DERIVED = ("result.json", "timeline.json")
RAW = ("scenario.json", "events.jsonl", "client.pcapng", "server.pcapng")

ENHANCED_PACKET = 6
SECTION_HEADER = 0x0A0D0D0A
ETHERNET_HEADER, TCP_FLAGS, FIN = 14, 13, 0x01


@pytest.fixture
def recorded(lastack, tmp_path_factory, tmp_path, cache={}):  # noqa: B006  (the cache is meant to last)
    """recorded(file) -> a copy of the evidence of that scenario's v4 variant, which was run once."""

    def copy(file):
        if file not in cache:
            folder = tmp_path_factory.mktemp("recorded")
            source = folder / file.parent.name / file.name
            source.parent.mkdir()
            shutil.copy(file, source)
            result = lastack("run", source, "--set", "family=v4", "--evidence", folder / "evidence")
            assert result.returncode == 0, result.stdout
            source.unlink()  # evidence needs nothing beside itself
            cache[file] = (source, folder / "evidence" / file.parent.name / f"{file.stem}.v4")
        source, folder = cache[file]
        shutil.copytree(folder, tmp_path / "copy")
        return source, tmp_path / "copy"

    return copy


def line_of(file, text):
    """The number of the line that contains the text."""
    (number,) = [number for number, line in enumerate(file.read_text().splitlines(), 1) if text in line]
    return number


def blocks(capture):
    """The blocks of a pcapng file as (type, bytes); ours are little-endian."""
    offset = 0
    while offset < len(capture):
        kind, length = struct.unpack_from("<II", capture, offset)
        yield kind, capture[offset:offset + length]
        offset += length


def is_fin(block):
    frame = block[28:28 + struct.unpack_from("<I", block, 20)[0]]
    header = (frame[ETHERNET_HEADER] & 0x0F) * 4  # IPv4
    return bool(frame[ETHERNET_HEADER + header + TCP_FLAGS] & FIN)


def remove_fin(path, which):
    """Removes the first (0) or the second (1) FIN from a capture."""
    fins, kept = 0, []
    for kind, block in blocks(path.read_bytes()):
        fin = kind == ENHANCED_PACKET and is_fin(block)
        if not fin or fins != which:
            kept.append(block)
        fins += fin
    assert fins == 2
    path.write_bytes(b"".join(kept))


def change_event(folder, wanted, change):
    """Changes the one event for which wanted(event) holds."""
    path = folder / "events.jsonl"
    events = [json.loads(line) for line in path.read_text().splitlines()]
    (event,) = [event for event in events if wanted(event)]
    change(event)
    path.write_text("".join(json.dumps(event) + "\n" for event in events))


def change_json(path, change):
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


def assert_fails(result, place, witness, *words):
    """FAIL, and a finding of that witness at that place that has these words."""
    assert result.returncode == 1, result.stdout + result.stderr
    assert result.stdout.endswith("0 passed, 1 failed, 0 skipped\n")
    findings = re.findall(r"^  (\S+:\d+): (\w+) witness\n((?:    .*\n)+)", result.stdout, re.MULTILINE)
    texts = [text for *at, text in findings if at == [place, witness]]
    assert any(all(word in text for word in words) for text in texts), result.stdout


@pytest.mark.parametrize("host", ["client", "server"])
@pytest.mark.parametrize("tool", ["tshark", "capinfos", "tcpdump"])
def test_other_tools_read_the_captures(recorded, tool, host):
    if not shutil.which(tool):
        pytest.skip(f"{tool} is not installed")
    capture = recorded(CLOSE)[1] / f"{host}.pcapng"
    arguments = {"tshark": ["-r", capture, "-Y", "tcp.flags.fin == 1"], "capinfos": [capture],
                 "tcpdump": ["-n", "-r", capture, "tcp[tcpflags] & tcp-fin != 0"]}[tool]
    result = subprocess.run([tool, *arguments], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    if tool == "capinfos":
        assert re.search(r"Number of packets: +7\n", result.stdout)
        assert "nanoseconds" in result.stdout
    else:
        assert len(result.stdout.splitlines()) == 2


def test_documents(recorded):
    source, folder = recorded(CLOSE)
    documents = {name: json.loads((folder / name).read_text()) for name in (*DERIVED, "scenario.json")}
    assert {name: document["schema"] for name, document in documents.items()} == {
        "result.json": "lastack.result/1", "timeline.json": "lastack.timeline/1", "scenario.json": "lastack.scenario/1"}
    result = documents["result.json"]
    assert (result["verdict"], result["id"]) == ("PASS", "normal/active-close-client.v4")
    assert [call["call"] for call in result["calls"]][:4] == [
        "server: listen", "client: connect", "server: accept", "client: close"]
    assert documents["scenario.json"]["source"] == CLOSE.read_text()
    assert documents["scenario.json"]["file"] == str(source)


def test_events_are_numbered_and_complete(recorded):
    events = [json.loads(line) for line in (recorded(CLOSE)[1] / "events.jsonl").read_text().splitlines()]
    assert [event["id"] for event in events] == list(range(1, len(events) + 1))
    kinds = {event["kind"] for event in events}
    assert {"run_started", "step_started", "call_finished", "kernel_sampled", "rebound", "capture_closed"} <= kinds
    assert all(event["dropped"] == 0 for event in events if event["kind"] == "capture_closed")


@pytest.mark.parametrize("file", [CLOSE, RESET], ids=lambda file: file.stem)
def test_judging_again_gives_the_same_and_touches_nothing(lastack, recorded, file):
    folder = recorded(file)[1]
    derived = {name: (folder / name).read_bytes() for name in DERIVED}
    for name in DERIVED:
        (folder / name).unlink()
    raw = {name: (folder / name).read_bytes() for name in RAW}
    first, second = lastack("judge", folder), lastack("judge", folder, cwd="/")
    assert (first.returncode, first.stdout, first.stderr) == (second.returncode, second.stdout, second.stderr)
    assert first.returncode == 0 and first.stdout.endswith("1 passed, 0 failed, 0 skipped\n")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == raw
    assert lastack("judge", folder, "--write").returncode == 0
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {**raw, **derived}


def test_a_folder_of_many_runs_is_judged(lastack, recorded, tmp_path):
    folder = recorded(CLOSE)[1]
    shutil.copytree(folder, tmp_path / "many" / "a" / "b")
    shutil.copytree(folder, tmp_path / "many" / "c")
    result = lastack("judge", tmp_path / "many")
    assert (result.returncode, result.stdout.splitlines()[-1]) == (0, "2 passed, 0 failed, 0 skipped")


@pytest.mark.parametrize("host", ["client", "server"])
@pytest.mark.parametrize("which", [0, 1], ids=["first", "second"])
def test_removed_fin(lastack, recorded, host, which):
    source, folder = recorded(CLOSE)
    remove_fin(folder / f"{host}.pcapng", which)
    missing_at_sender = (host == "client") == (which == 0)
    side = "receiver" if missing_at_sender else "sender"
    assert_fails(lastack("judge", folder), f"{source}:1", "wire",
                 "expected: FIN,ACK", "in the captures of both ends", f"actual:   1 only in the {side}'s")


def test_changed_state_at_a_hold_point(lastack, recorded):
    source, folder = recorded(CLOSE)
    change_event(folder, lambda event: event["kind"] == "kernel_sampled" and event["step"] == 4
                 and event["host"] == "client", lambda event: event["samples"][0].update(state="TIME-WAIT"))
    assert_fails(lastack("judge", folder), f"{source}:{line_of(CLOSE, 'client: FIN-WAIT-2, server')}", "kernel",
                 "expected: client in FIN-WAIT-2\n", "actual:   TIME-WAIT\n")


def test_changed_state_at_the_end(lastack, recorded):
    source, folder = recorded(CLOSE)
    change_event(folder, lambda event: event["kind"] == "kernel_sampled" and event["step"] == -1
                 and event["host"] == "client", lambda event: event["samples"][0].update(state="CLOSED"))
    assert_fails(lastack("judge", folder), f"{source}:{line_of(CLOSE, 'client: [ESTABLISHED')}", "kernel",
                 "client", "TIME-WAIT", "actual:   CLOSED")


def test_changed_errno_of_a_call(lastack, recorded):
    source, folder = recorded(RESET)
    change_event(folder, lambda event: event["kind"] == "call_finished"
                 and event["results"][0].get("error") == "ECONNRESET",
                 lambda event: event["results"][0].update(error="ETIMEDOUT"))
    assert_fails(lastack("judge", folder), f"{source}:{line_of(RESET, 'expect: ECONNRESET')}", "app",
                 "expected: client recv: ECONNRESET\n", "actual:   ETIMEDOUT")


def test_changed_errno_of_a_rebind(lastack, recorded):
    source, folder = recorded(CLOSE)
    change_event(folder, lambda event: event["kind"] == "rebound" and "error" in event,
                 lambda event: event.update(error="EACCES"))
    assert_fails(lastack("judge", folder), f"{source}:{line_of(CLOSE, 'expect: EADDRINUSE')}", "app",
                 "EADDRINUSE\n", "actual:   EACCES from bind\n")


def test_changed_expectation_in_the_resolved_part(lastack, recorded):
    source, folder = recorded(CLOSE)
    change_json(folder / "scenario.json",
                lambda document: document["resolved"]["scenario"]["steps"][10]["rebind"].update(expect="ok"))
    result = lastack("judge", folder)
    assert_fails(result, f"{source}:{line_of(CLOSE, 'expect: EADDRINUSE')}", "app", "success", "EADDRINUSE from bind")
    assert_fails(result, f"{source}:1", "harness", "scenario.json was changed: the resolved variant is not what its source says")


def test_softened_expectation_in_the_resolved_part(lastack, recorded):
    source, folder = recorded(CLOSE)
    change_json(folder / "scenario.json", lambda document: document["resolved"]["scenario"].pop("expect"))
    assert_fails(lastack("judge", folder), f"{source}:1", "harness", "the resolved variant is not what its source says")


def test_changed_expectation_in_the_source(lastack, recorded):
    source, folder = recorded(CLOSE)
    change_json(folder / "scenario.json", lambda document: document.update(
        source=document["source"].replace("expect: EADDRINUSE", "expect: ok")))
    result = lastack("judge", folder)
    assert_fails(result, f"{source}:1", "harness", "scenario.json was changed: its source does not have the recorded hash")
    assert_fails(result, f"{source}:1", "harness", "the resolved variant is not what its source says")


def test_other_scenario(lastack, recorded, write_scenario):
    _, folder = recorded(CLOSE)
    other = write_scenario(CLOSE.read_text().replace("expect: EADDRINUSE", "expect: EACCES"),
                           "normal/active-close-client")
    place = f"{other}:{line_of(other, 'expect: EACCES')}"
    assert_fails(lastack("judge", folder, "--scenario", other), place, "app", "EACCES\n", "EADDRINUSE from bind\n")
    assert lastack("judge", folder, "--scenario", CLOSE).returncode == 0
    stranger = lastack("judge", folder, "--scenario", RESET)
    assert (stranger.returncode, stranger.stderr) == (2, f"{RESET}: has no variant normal/active-close-client.v4\n")


@pytest.mark.parametrize("name", RAW)
def test_missing_file_is_an_error_that_names_it(lastack, recorded, name, tmp_path):
    folder = recorded(CLOSE)[1]
    (folder / name).unlink()
    result = lastack("judge", folder)
    assert (result.returncode, result.stdout) == (3, "")
    assert f"{folder}/{name}" in result.stderr


@pytest.mark.parametrize("name", RAW)
def test_truncated_file_is_an_error_that_names_it(lastack, recorded, name):
    folder = recorded(CLOSE)[1]
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[:len(content) - 10])
    result = lastack("judge", folder)
    assert (result.returncode, result.stdout) == (3, "")
    assert f"{folder}/{name}" in result.stderr
    if name == "events.jsonl":
        assert f":{content.count(bytes([10]))}:" in result.stderr
