"""Peers in another language run scenarios as ours does: the template in peers/ speaks the protocol."""

import json
import pathlib

import pytest

PEER = pathlib.Path(__file__).parent / "peers" / "python_peer.py"

SCENARIOS = [
    "normal/active-close-client",
    "normal/active-close-server",
    "normal/half-close-client",
    "abort/linger-zero",
    "abort/unread-data",
]


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("peers", [["client"], ["server"], ["client", "server"]], ids="+".join)
def test_python_peer_passes(lastack, evidence, scenario, peers):
    options = [option for peer in peers for option in ("--peer", f"{peer}={PEER}")]
    result = lastack("run", f"scenarios/{scenario}.yaml", *options, "--set", "family=v4", "--evidence", evidence)
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.endswith("1 passed, 0 failed, 0 skipped\n")


@pytest.mark.parametrize("family", ["v6", "mapped"])
def test_python_peer_speaks_ipv6(lastack, evidence, family):
    result = lastack("run", "scenarios/normal/active-close-client.yaml", "--peer", f"server={PEER}",
                     "--peer", f"client={PEER}", "--set", f"family={family}", "--evidence", evidence)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(("program", "message"), [
    ("#!/bin/sh\nexit 7\n", "peer server exited with 7 before its hello"),
    ("#!/bin/sh\nsleep 60\n", "peer server"),  # and that it said nothing
    ("#!/no/such/interpreter\n", "cannot execute {}: No such file or directory (ENOENT)"),
])
def test_program_that_is_no_peer_is_an_error(lastack, evidence, tmp_path, write_scenario, program, message):
    path = tmp_path / "peer"
    path.write_text(program)
    path.chmod(0o755)
    scenario = write_scenario("scenario: 1\ntitle: T\nsteps:\n  - server: listen\n")
    result = lastack("run", scenario, "--peer", f"server={path}", "--evidence", evidence, "--json", "-")
    assert result.returncode == 3
    (entry,) = json.loads(result.stdout)["results"]
    assert entry["verdict"] == "ERROR"
    assert message.format(path) in entry["headline"]
