"""Each kind of expectation can fail: it says what it expected, what was there instead, and where it stands.

scenarios/wrong/ has a scenario for each; the line with `# wrong` is the one that must be named.
"""

import pathlib
import re

import pytest

FOLDER = pathlib.Path(__file__).parent / "scenarios" / "wrong"
SEVERAL_SECONDS = 30  # on a machine that is busy with other things; alone each takes less than four

# scenario: witness, expected, actual (a regular expression)
CASES = {
    "call-success": ("app", "client connect: success", "ECONNREFUSED from connect"),
    "call-errno": ("app", "client connect: ECONNREFUSED", "ok"),
    "call-other-errno": ("app", "client connect: ETIMEDOUT", "ECONNREFUSED from connect"),
    "call-value": ("app", "server recv: 2", "1 bytes"),
    "call-eof": ("app", "server recv: eof", "5 bytes"),
    "call-no-eof": ("app", "server recv: 1..10", "eof"),
    "call-option": ("app", "server get: 2", "1"),
    "call-poll": ("app", "server poll: [in]", "timeout"),
    "call-took": ("app", "took 60.00 s..120.00 s", r"[\d.]+ (µs|ms|s)"),
    "call-within": ("app", "server recv: data", "no return within 100.0 ms"),
    "call-killed": ("app", "client send: killed", "1 bytes"),
    "call-counted": ("app", "client connect: {ECONNREFUSED: 2, ok: 1}", r"\{ECONNREFUSED: 3\}"),
    "wait-state": ("kernel", "server in CLOSE-WAIT", "ESTABLISHED"),
    "wait-segment": ("wire", "segment client FIN (number 1)", "no such segment within 100.0 ms"),
    "wait-call": ("app", "call reading to return", "it has not returned within 100.0 ms"),
    "wait-exit": ("app", "peer server to exit", "server has not exited within 100.0 ms"),
    "wait-took": ("app", "took 1.00 s..2.00 s", r"[\d.]+ (µs|ms)"),
    "wait-for": ("kernel", "server in FIN-WAIT-2 for 3.00 s", "CLOSED"),
    "rebind-errno": ("app", "rebind 0.0.0.0:8080 (none): EADDRINUSE", "success"),
    "rebind-success": ("app", "rebind 0.0.0.0:8080 (none): success", "EADDRINUSE from bind"),
    "rebind-until": ("app", "rebind 0.0.0.0:8080 (none): success", "EADDRINUSE from bind"),
    "rebind-took": ("app", "took 1.00 s..2.00 s", r"[\d.]+ (µs|ms)"),
    "counter": ("kernel", "server TCPTimeWaitOverflow +1", r"\+0"),
    "states-client": ("wire", "client ESTABLISHED, FIN-WAIT-1, FIN-WAIT-2, TIME-WAIT", "CLOSE-WAIT .*received FIN.*"),
    "states-server": ("wire", "server ESTABLISHED, CLOSE-WAIT, LAST-ACK, CLOSED", "FIN-WAIT-1 .*sent FIN.*"),
    "states-last": ("kernel", "server in TIME-WAIT at the end", "FIN-WAIT-2"),
    "states-unlisted": ("wire", "server ESTABLISHED, FIN-WAIT-1, FIN-WAIT-2", "TIME-WAIT .*"),
    "states-reset": ("wire", "server ESTABLISHED, FIN-WAIT-1, FIN-WAIT-2", "CLOSED .*sent RST.*"),
    "states-glob": ("wire", "s2 in CLOSE-WAIT", "no witness saw it; on the wire: ESTABLISHED"),
    "segments-missing": ("wire", "server RST", "no such segment was sent"),
    "segments-extra": ("wire", "no further SYN, FIN or RST", r"client FIN,ACK seq=\d+ ack=\d+ len=0"),
    "segments-order": ("wire", "client FIN", r"server FIN,ACK seq=\d+ ack=\d+ len=0"),
    "segments-bytes": ("wire", "server FIN with 1..10 bytes", r"server FIN,ACK seq=\d+ ack=\d+ len=0"),
}
FINDING = re.compile(r"^  (\S+):(\d+): (\w+) witness\n    expected: (.*)\n    actual:   (.*)\n", re.MULTILINE)


def wrong_line(path):
    (number,) = [number for number, line in enumerate(path.read_text().splitlines(), 1) if line.endswith("# wrong")]
    return number


@pytest.mark.parametrize("case", CASES)
def test_wrong_expectation_fails(lastack, evidence, case):
    path = FOLDER / f"{case}.yaml"
    result = lastack("run", path, "--evidence", evidence, timeout=SEVERAL_SECONDS)
    assert result.returncode == 1, result.stdout + result.stderr
    assert result.stdout.endswith("0 passed, 1 failed, 0 skipped\n")
    witness, expected, actual = CASES[case]
    findings = FINDING.findall(result.stdout)
    right = [finding for finding in findings if finding[:4] == (str(path), str(wrong_line(path)), witness, expected)]
    assert right, findings
    assert re.fullmatch(actual, right[0][4])
    assert all(finding[4] for finding in findings), "a finding that does not say what was there instead"
    assert f"  evidence: {evidence}/wrong/{case}\n  again: lastack run {path} --filter 'wrong/{case}'\n" in result.stdout


def test_call_that_was_not_waited_for_is_not_said_to_have_had_its_time(lastack, evidence):
    result = lastack("run", FOLDER / "wait-call.yaml", "--evidence", evidence)
    assert "within 5.00 s" not in result.stdout  # the run ended after 100 ms


def test_every_scenario_in_the_folder_is_tested():
    assert sorted(path.stem for path in FOLDER.glob("*.yaml")) == sorted(CASES)
