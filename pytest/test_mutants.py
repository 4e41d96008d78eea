"""ci/mutants changes what it says, runs each change next to the unchanged file, and lets no survivor pass unexplained."""

import pathlib
import sys

import pytest
import yaml

CI = pathlib.Path(__file__).resolve().parent.parent / "ci"
sys.path.insert(0, str(CI))
from mutation import catalogue, runs  # noqa: E402  (needs the line above)
from mutation.equivalents import Equivalents  # noqa: E402
from mutation.mutant import ScenarioFile  # noqa: E402

SCENARIO = """scenario: 1
title: One change at a time
matrix:
  family: [v4, v6]
  old: {none: [], reuseaddr: [SO_REUSEADDR]}
hosts:
  server: {sysctl: {net.ipv4.tcp_fin_timeout: 2}, delayed_ack: on}
wire:
  fin: {drop: {from: server, flags: FIN, nth: 1}}
steps:
  - server: {listen: {options: "${old}"}}   # a comment
  - client: connect
  - server: accept
  - server: close
  - wait: {state: {server: FIN-WAIT-2, client: CLOSE-WAIT}}
  - wait: {state: {client: CLOSE-WAIT, server: TIME-WAIT}}
  - {when: {old: reuseaddr}, client: {recv: {expect: eof}}}
  - client:
      close: client
  - rebind:
      host: server
      expect: {cases: [{when: {old: reuseaddr}, is: EADDRINUSE}], else: ok}
expect:
  server: [ESTABLISHED, FIN-WAIT-1, FIN-WAIT-2]
  client: [ESTABLISHED, CLOSE-WAIT]
  segments: [server FIN lost, server FIN, client ACK]
"""


@pytest.fixture
def mutants():
    return {mutant.what: mutant for mutant in catalogue.mutants_of(ScenarioFile("scenarios/test/one.yaml", SCENARIO))}


def changed_lines(mutant):
    """(lines that are gone, lines that came), of a mutant that leaves the matrix as it is."""
    before, after = SCENARIO.splitlines(), mutant.text({}).splitlines()
    return ([line.strip() for line in before if line not in after], [line.strip() for line in after if line not in before])


@pytest.mark.parametrize(("what", "gone", "came"), [
    ("drop step `client: connect`", ["- client: connect"], []),
    ("drop step `client: close: client`", ["- client:", "close: client"], []),
    ("the other end closes instead: `server: close`", ["- server: close"], ["- client: close"]),
    ("without sysctl `server: net.ipv4.tcp_fin_timeout: 2`", ["server: {sysctl: {net.ipv4.tcp_fin_timeout: 2}, delayed_ack: on}"],
     ["server: {sysctl: {}, delayed_ack: on}"]),
    ("without `delayed_ack: on`", ["server: {sysctl: {net.ipv4.tcp_fin_timeout: 2}, delayed_ack: on}"],
     ["server: {sysctl: {net.ipv4.tcp_fin_timeout: 2}}"]),
    ("drop rule `fin: {drop: {from: server, flags: FIN, nth: 1}}`", ["wire:", "fin: {drop: {from: server, flags: FIN, nth: 1}}"],
     ["wire: {}"]),
    ("rule fin, drop.nth: `1` → `2`", ["fin: {drop: {from: server, flags: FIN, nth: 1}}"],
     ["fin: {drop: {from: server, flags: FIN, nth: 2}}"]),
    ("expect.client [ESTABLISHED, CLOSE-WAIT]: and then `LAST-ACK`", ["client: [ESTABLISHED, CLOSE-WAIT]"],
     ["client: [ESTABLISHED, CLOSE-WAIT, LAST-ACK]"]),
    ("expect.segments [server FIN lost, server FIN, client ACK], entry 2: dropped",
     ["segments: [server FIN lost, server FIN, client ACK]"], ["segments: [server FIN lost, client ACK]"]),
    ("matrix.old.reuseaddr: without option `SO_REUSEADDR`", ["old: {none: [], reuseaddr: [SO_REUSEADDR]}"],
     ["old: {none: [], reuseaddr: []}"]),
])
def test_a_mutant_is_the_change_that_it_says(mutants, what, gone, came):
    assert changed_lines(mutants[what]) == (gone, came)


def test_every_mutant_is_another_file_that_is_still_yaml(mutants):
    texts = [mutant.text({}) for mutant in mutants.values()]
    assert len({*texts, SCENARIO}) == len(texts) + 1
    assert all(isinstance(yaml.safe_load(text), dict) for text in texts)


def test_a_mutant_is_tried_where_what_it_changes_is(mutants):
    live = {what: {variant["old"] for variant in mutants[what].live} for what in mutants}
    assert live["drop step `client: connect`"] == {"none", "reuseaddr"}
    assert live["drop step `{when: {old: reuseaddr}, client: {recv: {expect: eof}}}`"] == {"reuseaddr"}
    assert live["steps.rebind.expect: `ok` → `EADDRINUSE`"] == {"none"}
    assert live["matrix.old.reuseaddr: without option `SO_REUSEADDR`"] == {"reuseaddr"}


def test_a_mutant_is_run_in_one_variant(mutants, lastack, write_scenario):
    text = mutants["drop step `client: close: client`"].text({"family": "v6", "old": "none"})
    listed = lastack("run", write_scenario(text), "--list")
    assert listed.stdout == "test/scenario.v6.none\n", listed.stderr


# Refuses a file with "accept" missing; runs the others: FAIL where nobody closes, ERROR where TIME-WAIT is not waited for.
FAKE = """#!/usr/bin/python3
import json, pathlib, sys
bad = [path for path in sorted(pathlib.Path(sys.argv[2]).iterdir()) if "accept" not in path.read_text()]
if "--list" in sys.argv:
    print("".join(f"{path}:1:1: no accept\\n" for path in bad), file=sys.stderr)
    sys.exit(2 if bad else 0)
results = []
for path in pathlib.Path(sys.argv[2]).iterdir():
    text = path.read_text()
    verdict = "FAIL" if "server: close" not in text else "ERROR" if "server: TIME-WAIT}" not in text else "PASS"
    results.append({"file": str(path), "verdict": verdict})
pathlib.Path(sys.argv[sys.argv.index("--json") + 1]).write_text(json.dumps({"results": results}))
"""


@pytest.fixture
def outcomes(mutants, tmp_path):
    """outcomes(change of the fake) -> description -> outcome."""

    def run(old="", new=""):
        program = tmp_path / "lastack"
        program.write_text(FAKE.replace(old, new) if old else FAKE)
        program.chmod(0o755)
        tried = runs.try_all(list(mutants.values()), runs.Scratch(program, tmp_path), lambda mutant: 2)
        return {outcome.mutant.what: outcome for outcome in tried}

    return run


def test_what_becomes_of_mutants(outcomes, tmp_path):
    results = {what: outcome.result for what, outcome in outcomes().items()}
    assert results["drop step `server: accept`"] == "refused"
    assert results["drop step `server: close`"] == "killed"
    assert results["drop step `wait: {state: {client: CLOSE-WAIT, server: TIME-WAIT}}`"] == "unclear"
    assert results["drop step `client: connect`"] == "survived"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(("mutants", "evidence"))] == []


def test_a_mutant_counts_only_where_the_unchanged_file_passes(outcomes):
    assert {outcome.result for outcome in outcomes('"PASS"', '"FAIL"').values()} == {"unusable"}
    assert {outcome.result for outcome in outcomes('"PASS"', '"SKIP"').values()} == {"skipped"}


@pytest.fixture
def equivalents(tmp_path):
    """equivalents(entries) -> what a file of these entries knows."""

    def make(entries):
        classes = yaml.safe_load((CI / "equivalent-mutants.yaml").read_text())["classes"]
        path = tmp_path / "equivalents.yaml"
        path.write_text(yaml.safe_dump({"classes": classes, "equivalents": {"scenarios/test/one.yaml": entries}}))
        return Equivalents(path)

    return make


def test_a_class_explains_only_what_its_rule_allows(mutants, equivalents):
    known = equivalents({})
    judged = known.explain(mutants["drop step `wait: {state: {server: FIN-WAIT-2, client: CLOSE-WAIT}}`"])
    assert judged[0] == "judged-wait"
    assert known.explain(mutants["drop step `wait: {state: {client: CLOSE-WAIT, server: TIME-WAIT}}`"]) is None  # not in `expect`
    assert known.explain(mutants["drop step `client: connect`"]) is None


def test_entries_that_no_longer_hold_are_found(outcomes, equivalents):
    known = equivalents({"drop step `client: connect`": "a reason", "drop step `server: close`": "a reason",
                         "drop step `gone`": "a reason",
                         "drop step `server: accept`": {"reason": "left to chance", "racy": True}})
    found = known.stale(list(outcomes().values()), {"scenarios/test/one.yaml"})
    assert {what for _, what, _ in found} == {"drop step `server: close`", "drop step `gone`"}
