"""A capture handed to somebody who has only Wireshark: its comments tell the story, and lead to what was not as expected."""

import re
import shutil
import subprocess

import pytest

HOSTS = ("client", "server")
# The first FIN is lost, so that from then on a segment has another number in each capture.
LOST = """scenario: 1
title: The first FIN is lost
matrix: {{family: [v4, v6]}}
wire:
  first-fin: {{drop: {{from: client, flags: FIN, nth: 1}}}}
steps:
  - server: listen
  - client: connect
  - server: accept
  - client: close
  - wait: {{state: {{client: FIN-WAIT-2, server: CLOSE-WAIT}}}}
  - server: close
  - wait: {{state: {{client: TIME-WAIT, server: CLOSED}}}}
expect:
  segments: [client FIN lost, client FIN, {expected}]
"""


@pytest.fixture
def recorded(lastack, tmp_path_factory, cache={}):  # noqa: B006  (the cache is meant to last)
    """recorded(family, expected) -> (the scenario's file, host -> its capture) of a run that was made once."""

    def record(family, expected="server FIN"):
        if (family, expected) not in cache:
            folder = tmp_path_factory.mktemp("recorded")
            path = folder / "test/lost.yaml"
            path.parent.mkdir()
            path.write_text(LOST.format(expected=expected))
            result = lastack("run", path, "--set", f"family={family}", "--evidence", folder)
            assert result.returncode == (0 if expected == "server FIN" else 1), result.stdout
            cache[family, expected] = path, {host: folder / f"test/lost.{family}/{host}.pcapng" for host in HOSTS}
        return cache[family, expected]

    return record


def tool(*command):
    """What the program says on stdout; it may warn of nothing."""
    if not shutil.which(command[0]):
        pytest.skip(f"{command[0]} is not installed")
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    warnings = [line for line in result.stderr.splitlines()
                if not line.startswith(("Running as user", "reading from file"))]  # tshark as root; tcpdump always
    assert warnings == []
    return result.stdout


def fields(capture, *names, where="frame"):
    """The fields of the frames where that holds; each frame a list."""
    arguments = [argument for name in names for argument in ("-e", name)]
    out = tool("tshark", "-r", capture, "-N", "n", "-Y", where, "-T", "fields", "-E", "separator=/t", "-E", "aggregator=;", *arguments)
    return [line.split("\t") for line in out.splitlines()]


def test_the_filter_finds_exactly_the_failing_segment_at_both_ends(recorded):
    path, captures = recorded("v4", expected="server RST")
    numbers = {}
    for host, capture in captures.items():
        (wrong,) = fields(capture, "frame.number", where="tcp.flags.fin == 1 and tcp.srcport == 8080")
        ((numbers[host], comment),) = fields(capture, "frame.number", "frame.comment", where='frame.comment contains "FAIL"')
        assert [numbers[host]] == wrong
        assert f"FAIL {path}:15: expected server RST, got server FIN,ACK" in comment
    assert numbers["client"] != numbers["server"]  # by the number alone it would be another segment at one end


def test_comments_tell_step_and_transition_at_each_end(recorded):
    path, captures = recorded("v4")
    story = {host: [comment for (comment,) in fields(capture, "frame.comment", where="tcp.flags.fin == 1 or tcp.flags.syn == 1")]
             for host, capture in captures.items()}
    assert story["client"] == [
        f"{path}:8: client: connect;client → SYN-SENT",
        f"{path}:8: client: connect;client: SYN-SENT → ESTABLISHED",
        f"{path}:10: client: close;lost on the wire;client: ESTABLISHED → FIN-WAIT-1",
        story["client"][3],  # sent again, while the runner was at whatever step
        f"{path}:12: server: close;client: FIN-WAIT-2 → TIME-WAIT"]
    assert story["server"] == [
        f"{path}:8: client: connect",
        f"{path}:8: client: connect;server → SYN-RECEIVED",
        story["server"][2],
        f"{path}:12: server: close;server: CLOSE-WAIT → LAST-ACK"]
    assert story["server"][2].endswith("server: ESTABLISHED → CLOSE-WAIT")
    assert fields(captures["server"], "frame.comment")[-1] == ["server: LAST-ACK → CLOSED"]
    assert not any("FAIL" in comment for comments in story.values() for comment in comments)


@pytest.mark.parametrize("family", ["v4", "v6"])
def test_each_frame_has_names_direction_interface_and_number(recorded, family):
    _, captures = recorded(family)
    source, destination = ("ip.src_host", "ip.dst_host") if family == "v4" else ("ipv6.src_host", "ipv6.dst_host")
    for host, capture in captures.items():
        frames = fields(capture, source, destination, "frame.number", "frame.packet_id", "frame.packet_flags_direction",
                        "frame.interface_name", where="tcp")
        assert {tuple(frame[:2]) for frame in frames} == {HOSTS, HOSTS[::-1]}
        for sender, _, number, packet, direction, interface in frames:
            assert (packet, interface, int(direction, 16)) == (number, "eth0", 2 if sender == host else 1)


def test_the_section_says_scenario_verdict_and_first_difference(recorded):
    path, captures = recorded("v4", expected="server RST")
    for host, capture in captures.items():
        text = tool("capinfos", capture)
        comments = re.findall(r"^Capture comment: +(.*)$", text, re.MULTILINE)
        assert comments[0] == "test/lost.v4: The first FIN is lost"
        assert comments[1].startswith("FAIL: expected server RST, got server FIN,ACK")
        assert comments[2] == f"first difference: {path}:15 (wire witness)"
        assert "nanoseconds (9)" in text and f"eth0 of {host}" in text
        assert len(tool("tcpdump", "-n", "-r", capture, "tcp[tcpflags] & tcp-fin != 0").splitlines()) == (3 if host == "client" else 2)
