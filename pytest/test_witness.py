"""The kernel witness: with BPF its word is every transition, and one that the wire contradicts is a finding; without, it says what it did not see."""

import json
import re

import pytest

# Nothing is expected of the states: only the two witnesses can contradict each other.
CLOSE = """scenario: 1
title: A close
about: The client closes first.
steps:
  - server: listen
  - client: connect
  - server: accept
  - client: close
  - server: {recv: {expect: eof}}
  - server: close
  - wait: {state: {client: TIME-WAIT, server: CLOSED}}
"""


@pytest.fixture
def close(lastack, write_scenario, evidence):
    """close(witness) -> the folder of one run that passed with this witness, and its result.json."""

    def run(witness):
        if witness == "bpf" and not re.search(r"^yes  bpf ", lastack("doctor").stdout, re.MULTILINE):
            pytest.skip("needs bpf: see lastack doctor")
        result = lastack("run", write_scenario(CLOSE), "--witness", witness, "--evidence", evidence)
        assert result.returncode == 0, result.stdout + result.stderr
        folder = next(evidence.rglob("events.jsonl")).parent
        return folder, json.loads((folder / "result.json").read_text())

    return run


def states(result, endpoint, witness):
    found = next(one for one in result["endpoints"] if one["name"] == endpoint)
    return [state["state"] for state in found["states"] if state["witness"] == witness]


def doctor(folder, change):
    """Rewrites the events of a stored run; change(event) is one to put in its place, or None to leave it out."""
    path = folder / "events.jsonl"
    events = [change(json.loads(line)) for line in path.read_text().splitlines()]
    path.write_text("".join(json.dumps(event) + "\n" for event in events if event))


def is_transition(event, host, state):
    return event["kind"] == "kernel_traced" and event["host"] == host and event["what"] == "state" and event.get("to") == state


def test_bpf_tells_each_transition_of_both_ends(close):
    _, result = close("bpf")
    assert states(result, "client", "kernel") == ["SYN-SENT", "ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2", "TIME-WAIT"]
    assert states(result, "server", "kernel") == ["SYN-RECEIVED", "ESTABLISHED", "CLOSE-WAIT", "LAST-ACK", "CLOSED"]
    time_wait = next(one["time_wait"] for one in result["endpoints"] if one["name"] == "client")
    assert time_wait["end"] == "not yet"
    assert 55e9 < time_wait["planned_end_ns"] - time_wait["begin_ns"] < 70e9


def test_a_kernel_that_contradicts_the_wire_fails_with_both_timelines(close, lastack):
    folder, _ = close("bpf")
    assert lastack("judge", folder).returncode == 0

    def lie(event):
        return event | {"to": "FIN-WAIT-1"} if is_transition(event, "server", "CLOSE-WAIT") else event

    doctor(folder, lie)
    result = lastack("judge", folder)
    assert result.returncode == 1, result.stdout + result.stderr
    assert re.search(r"expected: server as on the wire: ESTABLISHED at .+ ms, CLOSE-WAIT at .+ ms, LAST-ACK at .+, CLOSED at", result.stdout)
    assert re.search(r"actual: +the kernel's: ESTABLISHED at .+ ms, FIN-WAIT-1 at .+ ms, LAST-ACK at .+, CLOSED at", result.stdout)


def test_a_transition_that_the_kernel_did_not_make_fails(close, lastack):
    folder, _ = close("bpf")
    doctor(folder, lambda event: None if is_transition(event, "server", "LAST-ACK") else
           event | {"from": "CLOSE-WAIT"} if is_transition(event, "server", "CLOSED") else event)
    events = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    doctor(folder, lambda event: event | {"id": 1 + next(i for i, other in enumerate(events) if other["id"] == event["id"])})
    result = lastack("judge", folder)
    assert result.returncode == 1, result.stdout + result.stderr
    assert "the kernel's: ESTABLISHED" in result.stdout


def test_diag_says_what_it_does_not_see(close):
    _, result = close("diag")
    assert any("as --witness diag asks" in text and "reason of a RST" in text
               for text in result["witnesses"]["kernel"]["blind_spots"])
    assert all("time_wait" not in endpoint and "retransmissions" not in endpoint for endpoint in result["endpoints"])
    assert states(result, "client", "kernel")[-1] == "TIME-WAIT"


def test_a_single_run_says_that_auto_does_not_trace_it(close):
    _, result = close("auto")
    assert any("--witness bpf does" in text for text in result["witnesses"]["kernel"]["blind_spots"])
