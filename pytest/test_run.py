"""`lastack run` and its smaller siblings: what they select, print, write and return."""

import json
import re

import pytest

CLOSE = "scenarios/normal/active-close-client.yaml"
FAMILIES = ["v4", "v6", "mapped"]
IDS = [f"normal/active-close-client.{family}" for family in FAMILIES]
COUNTS = re.compile(r"\d+ passed, \d+ failed, \d+ skipped")

SHORT = """scenario: 1
title: A listener comes and goes
matrix: {round: [a, b, c, d, e, f]}
steps:
  - server: listen
"""
WRONG = """scenario: 1
title: Nobody listens
steps:
  - client: connect
"""


@pytest.fixture
def run(lastack, evidence):
    return lambda *arguments, **options: lastack("run", *arguments, "--evidence", evidence, **options)


def last_line(text):
    return text.rstrip("\n").splitlines()[-1]


@pytest.mark.parametrize("family", FAMILIES)
def test_single_run_passes_and_shows_its_ladder(run, evidence, family):
    result = run(CLOSE, "--set", f"family={family}")
    assert (result.returncode, last_line(result.stdout)) == (0, "1 passed, 0 failed, 0 skipped")
    assert f"PASS normal/active-close-client.{family}" in result.stdout
    assert re.search(r"FIN-WAIT-1 │━━ FIN,ACK ━+▶│ CLOSE-WAIT", result.stdout)
    assert f"  evidence: {evidence}/normal/active-close-client.{family}\n" in result.stdout


def test_many_runs_are_counted(run):
    result = run(CLOSE)
    assert (result.returncode, last_line(result.stdout)) == (0, "3 passed, 0 failed, 0 skipped")
    assert "━" not in result.stdout  # a ladder for each would be too much
    for scenario in IDS:
        assert f"PASS {scenario} (" in result.stderr


@pytest.mark.parametrize(("options", "fails"), [(["-q"], False), (["-q"], True), ([], True)])
def test_failures_are_said_even_if_quiet(run, write_scenario, options, fails):
    result = run(write_scenario(WRONG) if fails else CLOSE, *options)
    assert COUNTS.fullmatch(last_line(result.stdout))
    assert ("FAIL test/scenario" in result.stdout) == fails
    assert ("again: lastack run " in result.stdout) == fails
    if options:
        assert result.stderr == ""
    if options and not fails:
        assert result.stdout == "3 passed, 0 failed, 0 skipped\n"


def test_json_on_stdout_is_nothing_but_json(run, evidence):
    result = run(CLOSE, "--json", "-")
    suite = json.loads(result.stdout)
    assert suite["schema"] == "lastack.suite/1"
    assert suite["totals"] == {"passed": 3, "failed": 0, "skipped": 0, "inconclusive": 0, "errors": 0}
    assert suite["kernel"] and suite["wall_ms"] > 0
    assert sorted(entry["id"] for entry in suite["results"]) == sorted(IDS)
    for entry in suite["results"]:
        assert (entry["verdict"], entry["file"], entry["line"]) == ("PASS", CLOSE, 1)
        assert entry["headline"].startswith("The client closes first")
        assert entry["duration_ms"] > 0
        assert entry["evidence"] == f"{evidence}/{entry['id']}"
    assert last_line(result.stderr) == "3 passed, 0 failed, 0 skipped"


def test_json_into_a_file_tells_of_a_failure(run, write_scenario, tmp_path):
    path = write_scenario(WRONG)
    result = run(path, "--json", tmp_path / "suite.json")
    suite = json.loads((tmp_path / "suite.json").read_text())
    assert (result.returncode, suite["totals"]["failed"]) == (1, 1)
    (entry,) = suite["results"]
    assert (entry["id"], entry["verdict"], entry["file"]) == ("test/scenario", "FAIL", str(path))
    assert "ECONNREFUSED" in entry["headline"]
    assert last_line(result.stdout) == "0 passed, 1 failed, 0 skipped"


def test_json_into_a_folder_that_is_not_there_is_an_error(run, tmp_path):
    result = run(CLOSE, "--json", tmp_path / "none" / "suite.json")
    assert result.returncode == 3
    assert str(tmp_path / "none") in result.stderr


def test_list_prints_ids_and_nothing_else(run, evidence):
    result = run(CLOSE, "--list")
    assert (result.returncode, result.stdout.splitlines(), result.stderr) == (0, IDS, "")
    assert not any(evidence.iterdir())


def test_list_as_json(run):
    document = json.loads(run(CLOSE, "--list=json").stdout)
    assert document["schema"] == "lastack.list/1"
    assert [entry["id"] for entry in document["scenarios"]] == IDS
    first = document["scenarios"][0]
    assert (first["file"], first["line"], first["labels"], first["needs"]) == (CLOSE, 1, [], [])
    assert first["title"].startswith("The client closes first")


def test_dry_run_prints_numbered_steps_and_runs_nothing(run, evidence):
    result = run(CLOSE, "--dry-run", "--set", "family=v4")
    lines = result.stdout.splitlines()
    assert (result.returncode, lines[0].split(":")[0]) == (0, IDS[0])
    assert re.fullmatch(r"   1\. server: listen +line \d+", lines[1])
    assert re.fullmatch(r"  11\. rebind: \{on: client, expect: EADDRINUSE\} +line \d+", lines[11])
    assert not any(evidence.iterdir())


@pytest.mark.parametrize(("options", "selected"), [
    (["--filter", "*.v6"], IDS[1:2]),
    (["--filter", "*.v4", "--filter", "*.mapped"], [IDS[0], IDS[2]]),
    (["--set", "family=v6"], IDS[1:2]),
    (["--shard", "1/2"], [IDS[0], IDS[2]]),
    (["--shard", "2/2"], IDS[1:2]),
    (["--label", "slow"], []),
    (["--exclude-label", "slow"], IDS),
])
def test_selection(run, options, selected):
    result = run(CLOSE, "--list", *options)
    assert (result.returncode, result.stdout.splitlines()) == (0, selected)


def test_shards_are_the_whole(run):
    whole = run("scenarios", "--list").stdout.splitlines()
    shards = [run("scenarios", "--list", "--shard", f"{i}/3").stdout.splitlines() for i in (1, 2, 3)]
    assert len(whole) > 30
    assert sorted(sum(shards, [])) == sorted(whole)


def test_shuffle_with_the_same_seed_is_the_same_order(run):
    whole, first, again, other = (run("scenarios", "--list", *options).stdout.splitlines() for options in (
        [], ["--shuffle", "--seed", 7], ["--shuffle", "--seed", 7], ["--shuffle", "--seed", 8]))
    assert first == again
    assert len({tuple(whole), tuple(first), tuple(other)}) == 3
    assert sorted(whole) == sorted(first) == sorted(other)


def test_repetitions_have_ids_and_evidence_of_their_own(run, evidence):
    result = run(CLOSE, "--set", "family=v4", "--repeat", 3, "--json", "-")
    assert result.returncode == 0
    assert [entry["id"] for entry in json.loads(result.stdout)["results"]] == [f"{IDS[0]}#{n}" for n in (1, 2, 3)]
    for number in ("1", "2", "3"):
        assert (evidence / IDS[0] / number / "events.jsonl").stat().st_size > 0


@pytest.mark.parametrize(("option", "failed"), [("--fail-fast", 1), ("--until-fail", 1), (None, 5)])
def test_fail_fast_begins_nothing_new(run, write_scenario, option, failed):
    options = [option] if option else []
    result = run(write_scenario(WRONG), "--repeat", 5, "-j", 1, *options)
    assert (result.returncode, last_line(result.stdout)) == (1, f"0 passed, {failed} failed, 0 skipped")


@pytest.mark.parametrize("jobs", [1, 4])
def test_jobs(run, write_scenario, evidence, jobs):
    result = run(write_scenario(SHORT), "-j", jobs)
    assert last_line(result.stdout) == "6 passed, 0 failed, 0 skipped"
    assert sorted(path.name for path in (evidence / "test").iterdir()) == [f"scenario.{c}" for c in "abcdef"]


def test_nothing_selected_is_no_success(run):
    result = run(CLOSE, "--filter", "nothing/*")
    assert (result.returncode, result.stdout) == (5, "nothing was selected\n")  # "0 passed" would read like one


@pytest.mark.parametrize(("arguments", "message"), [
    (["run", "--no-such-option"], "--no-such-option"),
    (["run", CLOSE, "-j", "0"], "-j"),
    (["run", CLOSE, "-q", "-v"], "--quiet"),
    (["run", CLOSE, "--shard", "3/2"], "--shard 3/2: not I/N with 1 <= I <= N"),
    (["run", CLOSE, "--set", "famly=v4"], "no selected scenario has a matrix named 'famly'"),
    (["run", CLOSE, "--set", "family"], "not KEY=VALUE"),
    (["run", CLOSE, "--timeout", "5"], "not a duration with a unit"),
    (["run", CLOSE, "--peer", "server=/no/program"], "no such program"),
    (["run", CLOSE, "--color", "blue"], "--color"),
    (["run", "no/such/folder"], "no/such/folder: no such file or folder"),
    (["judge", "no/such/folder"], "no/such/folder"),
    (["frobnicate"], "there is no command 'frobnicate'\nhint: the commands are run, "),
    (["runn"], "did you mean 'run'?"),
    ([], "subcommand"),
])
def test_wrong_usage(lastack, arguments, message, tmp_path):
    result = lastack(*arguments, *(["--evidence", tmp_path / "none"] if arguments[:1] == ["run"] else []))
    assert result.returncode == 2
    assert message in result.stderr
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(("options", "env", "coloured"), [
    ([], {}, False),  # no terminal
    ([], {"CLICOLOR_FORCE": "1"}, True),
    ([], {"CLICOLOR_FORCE": "1", "NO_COLOR": "1"}, False),
    ([], {"CLICOLOR_FORCE": "1", "NO_COLOR": ""}, True),
    (["--color", "always"], {"NO_COLOR": "1"}, True),
    (["--color", "never"], {"CLICOLOR_FORCE": "1"}, False),
])
def test_colour(run, write_scenario, options, env, coloured):
    result = run(write_scenario(WRONG), *options, env={"NO_COLOR": "", "CLICOLOR_FORCE": "", **env})
    assert ("\033[31mFAIL\033[0m" in result.stdout) == coloured
    assert ("\033" in result.stdout + result.stderr) == coloured


def test_set_reaches_the_kernel(run, evidence):
    result = run(CLOSE, "--set", "family=v4", "--set", "net.ipv4.tcp_fin_timeout=7")
    assert result.returncode == 0
    started = json.loads((evidence / IDS[0] / "events.jsonl").read_text().splitlines()[0])
    assert started["sysctl"]["server"]["net.ipv4.tcp_fin_timeout"] == "7"


def test_version(lastack):
    result = lastack("--version")
    assert result.returncode == 0
    assert re.fullmatch(r"lastack \d+\.\d+\.\d+ \(Linux \S+ \S+\)\n", result.stdout)


@pytest.mark.parametrize(("arguments", "mentioned"), [
    (["--help"], ["run", "judge", "claims", "doctor", "schema", "lastack run scenarios/normal/active-close-client.yaml"]),
    (["run", "--help"], ["--filter", "--json", "--keep", "Exit: 0 all passed; 1 a FAIL; 2 ", "128+n on signal n"]),
    (["judge", "--help"], ["--scenario", "--write"]),
    (["claims", "--help"], ["--exclude-label"]),
])
def test_help(lastack, arguments, mentioned):
    result = lastack(*arguments)
    assert result.returncode == 0
    assert [word for word in mentioned if word not in result.stdout] == []


def test_doctor_names_the_capabilities(lastack):
    result = lastack("doctor")
    assert result.returncode == 0
    names = {line.split()[1] for line in result.stdout.splitlines() if line.startswith(("yes ", "NO "))}
    assert {"lastack-host", "lastack-peer", "root", "two-users", "namespaces", "ipv6", "sock-destroy", "bpf"} <= names


def test_schema_is_json_and_knows_the_format(lastack):
    result = lastack("schema")
    schema = json.loads(result.stdout)
    assert (result.returncode, schema["$schema"][:24]) == (0, "https://json-schema.org/")
    assert {"scenario", "title", "steps", "expect", "matrix"} <= set(schema["properties"])
