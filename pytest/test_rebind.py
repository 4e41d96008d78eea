"""`lastack rebind` with the built-in strategies: its outcomes are those of the rule, its numbers are consistent, its errors clear.

No time is asserted but those that a deadline or a cause gives: the machine may be loaded.
"""

import json
import os
import signal
import subprocess
import time
import xml.etree.ElementTree

import pytest

from conftest import PROGRAM

BINDING = ["none", "reuseaddr-new", "reuseaddr", "reuseport", "linger-zero", "peer-first", "no-time-wait", "destroy"]
KEEPING = ["supervisor", "hand-over", "listen-fds", "reuseport-group"]
WITHIN = "20s"  # far more than a comeback takes, so that only what cannot come back does not
SHORT = "150ms"  # for what does not come back


@pytest.fixture
def rebind(lastack):
    """rebind("--strategy", …) -> the document; its command must have ended with 0."""

    def run(*arguments):
        done = lastack("rebind", *arguments, "--json", "-")
        assert done.returncode == 0, done.stderr
        document = json.loads(done.stdout)
        assert document["schema"] == "lastack.rebind/1"
        return document

    return run


def by_strategy(document):
    return {row["strategy"]: row for row in document["rows"]}


@pytest.mark.parametrize("family", ["v4", "v6", "dual"])
@pytest.mark.parametrize("death", ["kill", "term", "close"])
def test_over_time_wait_the_rule_holds(rebind, death, family):
    """Nothing left, SO_REUSEADDR on both, or SO_REUSEPORT on both; whatever the death and the family."""
    common = ["--death", death, "--family", family, "--state", "time-wait", "-n", "3", "--samples", "1"]
    back = ["reuseaddr", "reuseport", "linger-zero", "peer-first", "no-time-wait", "destroy", *KEEPING]
    rows = by_strategy(rebind("--strategy", ",".join(back), *common, "--within", WITHIN))
    assert {name: row["outcome"] for name, row in rows.items()} == {name: "back" for name in back}
    left = {name: row["raw"][0]["left_before"] for name, row in rows.items()}
    nothing = ("linger-zero", "peer-first", "no-time-wait")
    assert left == {name: 0 if name in nothing else 3 for name in back}
    assert rows["destroy"]["raw"][0]["destroyed"] >= 3

    not_back = rebind("--strategy", "none,reuseaddr-new", *common, "--within", SHORT)
    for row in not_back["rows"]:
        assert row["outcome"] == "not-back" and row["latency_us"] is None
        assert {error["error"] for error in row["raw"][0]["errors"]} == {"EADDRINUSE"}
        assert row["raw"][0]["left"] == 3


@pytest.mark.parametrize("death", ["kill", "term", "close"])
def test_peers_that_close_first_need_a_server_that_can_ask_them(rebind, death):
    row = rebind("--strategy", "peer-first", "--death", death, "--state", "established", "-n", "5", "--samples", "1",
                 "--within", SHORT if death == "kill" else WITHIN)["rows"][0]
    assert row["outcome"] == ("not-back" if death == "kill" else "back")
    assert row["raw"][0]["left"] == (5 if death == "kill" else 0)


@pytest.mark.parametrize("strategy", ["reuseaddr", "reuseport", "linger-zero", "no-time-wait", "destroy", *KEEPING])
def test_established_connections_do_not_keep_it_from_coming_back(rebind, strategy):
    row = rebind("--strategy", strategy, "--state", "established", "-n", "5", "--samples", "2", "--within", WITHIN)["rows"][0]
    assert row["outcome"] == "back" and row["samples"] == 2
    assert all(sample["left_before"] == 0 for sample in row["raw"]), "the first sample's connections are not the second's"


def test_stages_come_in_their_order(rebind):
    document = rebind("--strategy", ",".join(["none", "reuseaddr", *KEEPING]), "-n", "0", "--samples", "3", "--within", WITHIN)
    for row in document["rows"]:
        assert row["state"] == "nothing" and row["outcome"] == "back", row["strategy"]
        for sample in row["raw"]:
            assert 0 < sample["accepted_ns"] <= sample["answered_ns"]
            assert sample["ended_ns"] > 0
            if row["strategy"] in BINDING:
                assert 0 < sample["bound_ns"] <= sample["listening_ns"] <= sample["accepted_ns"]
                assert sample["attempts"] == 1 + sum(error["times"] for error in sample["errors"])
            else:
                assert sample["bound_ns"] is None and sample["listening_ns"] is None
        latencies = sorted(sample["answered_ns"] / 1000 for sample in row["raw"])
        assert row["latency_us"]["min"] == pytest.approx(latencies[0])
        assert row["latency_us"]["p50"] == pytest.approx(latencies[1])
        assert row["latency_us"]["max"] == pytest.approx(latencies[2])


def test_after_exit_nobody_binds_before_the_end(rebind):
    common = ["--strategy", "reuseport", "--state", "established", "-n", "5", "--samples", "3", "--within", WITHIN]
    waiting = rebind(*common, "--probe", "after-exit")
    for sample in waiting["rows"][0]["raw"]:
        assert sample["bound_ns"] > sample["ended_ns"] and sample["attempts"] == 1
    assert waiting["null_run"]["undisturbed_exit"] == []
    spinning = rebind(*common)
    assert [row["population"] for row in spinning["null_run"]["undisturbed_exit"]] == [5]


def test_clients_notice_a_server_that_is_not_back(rebind):
    sample = rebind("--strategy", "none", "--state", "time-wait", "-n", "1", "--samples", "1", "--within", SHORT)["rows"][0]["raw"][0]
    clients = sample["clients"]
    assert clients["attempts"] > 0 and clients["refused"] > 0
    assert clients["refused"] + clients["reset"] + clients["timed_out"] == clients["attempts"]
    assert clients["longest_gap_ns"] >= 150_000_000


def test_supervisor_refuses_nobody(rebind):
    for sample in rebind("--strategy", "supervisor", "-n", "0", "--samples", "3", "--within", WITHIN)["rows"][0]["raw"]:
        assert sample["clients"]["refused"] == 0


def test_socket_activation_by_the_tool(rebind):
    row = rebind("--strategy", "systemd-socket-activate", "--state", "time-wait", "-n", "3", "--samples", "2", "--within", WITHIN)["rows"][0]
    if row["outcome"] == "skipped":
        pytest.skip(row["reason"])
    assert row["outcome"] == "back"
    assert row["raw"][0]["left_before"] == 3


def test_table_plot_and_null_run(lastack, tmp_path):
    plot, document = tmp_path / "rebind.svg", tmp_path / "rebind.json"
    done = lastack("rebind", "--strategy", "reuseaddr,none", "--state", "time-wait", "-n", "0,1,10,50,100", "--samples", "1",
                   "--within", SHORT, "--plot", plot, "--json", document)
    assert done.returncode == 0, done.stderr
    assert "Null run: an attempt takes" in done.stdout
    assert "not back: EADDRINUSE" in done.stdout
    assert "How the fastest sample grows" in done.stdout
    root = xml.etree.ElementTree.parse(plot).getroot()
    assert root.tag.endswith("svg")
    assert {"reuseaddr", "none"} <= {element.text for element in root.iter() if element.text}
    null_run = json.loads(document.read_text())["null_run"]
    assert 0 < null_run["period_ns"]["min"] <= null_run["period_ns"]["p50"] <= null_run["period_ns"]["max"]


@pytest.mark.parametrize("arguments, complaint", [
    (["--strategy", "reuseadr"], "did you mean 'reuseaddr'?"),
    (["-n", "many"], "-n 'many': not a number of connections"),
    (["-n", "200k", "--state", "established"], "each is a descriptor"),
    (["--within", "soon"], "not a duration"),
    (["--death", "old-age"], "--death 'old-age'"),
])
def test_wrong_usage_is_explained(lastack, arguments, complaint):
    done = lastack("rebind", *arguments)
    assert done.returncode == 2
    assert complaint in done.stderr


def test_unwritable_file_is_an_error(lastack):
    done = lastack("rebind", "--strategy", "none", "-n", "0", "--samples", "1", "--json", "/nowhere/rebind.json")
    assert done.returncode == 3
    assert "/nowhere/rebind.json" in done.stderr


def test_interrupt_keeps_what_was_measured_and_leaves_nothing(leftovers):
    command = [PROGRAM, "rebind", "--strategy", "none", "-n", "0,1", "--within", "60s", "--samples", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 30
        while not any("time-wait" in line for line in leftovers.processes().values()) and time.monotonic() < deadline:
            time.sleep(0.02)  # the second row is being measured
        process.send_signal(signal.SIGINT)
        table = process.communicate(timeout=30)[0]
    assert process.returncode == 128 + signal.SIGINT
    assert "nothing " in table and "1/1" in table and "time-wait" not in table
    assert leftovers.wait_until_none() == []


def test_ordinary_user_can_measure(lastack, tmp_path):
    if os.geteuid() != 0:
        pytest.skip("this test is one already")
    done = subprocess.run(["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", PROGRAM, "rebind", "--strategy",
                           "reuseaddr,destroy,no-time-wait", "--state", "time-wait", "-n", "3", "--samples", "1", "--json", "-", "--within", WITHIN],
                          capture_output=True, text=True, timeout=60, check=False, cwd="/")
    if "user namespace" in done.stderr:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stderr
    assert {row["outcome"] for row in json.loads(done.stdout)["rows"]} == {"back"}
