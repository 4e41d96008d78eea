"""The scripts in ci/ find what they are for, and count right."""

import os
import pathlib
import subprocess
import sys

import pytest

CI = pathlib.Path(__file__).resolve().parent.parent / "ci"
sys.path.insert(0, str(CI))
import tally  # noqa: E402  (needs the line above)


@pytest.fixture
def check_includes(tmp_path):
    """check_includes({file: text}) -> what ci/check-includes says of such a harness/."""

    def run(files):
        files = {
            "CMakeLists.txt": "lastack_folder(base)\nlastack_folder(tcp DEPENDS base LIBRARIES x::y)\n", **files}
        for name, text in files.items():
            path = tmp_path / "harness" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return subprocess.run([CI / "check-includes", "--root", tmp_path], capture_output=True, text=True, check=False)

    return run


def test_includes_along_the_arrows_are_fine(check_includes):
    result = check_includes({"tcp/a.h": '#include <string>\n#include "base/fd.h"\n#include "tcp/b.h"\n'})
    assert (result.returncode, result.stdout) == (0, "1 files in 2 folders\n")


@pytest.mark.parametrize(("files", "message"), [
    ({"base/a.cc": '\n#include "tcp/state.h"\n'}, 'a.cc:2: base may not include "tcp/state.h"; allowed: base\n'),
    ({"tcp/a.cc": '#include "judge/judge.h"'}, 'a.cc:1: tcp may not include "judge/judge.h"; allowed: tcp, base\n'),
    ({"tcp/a.cc": '#include "state.h"'}, '"state.h" does not name its folder, as "tcp/state.h"'),
    ({"new/a.cc": ""}, "has no lastack_folder(new …)"),
    ({"CMakeLists.txt": "lastack_folder(a DEPENDS b)\nlastack_folder(b DEPENDS a)\n"},
     "CMakeLists.txt:1: a depends on b, which is not declared before it"),
    ({}, "no .h or .cc file found"),
])
def test_includes_against_the_arrows_are_found(check_includes, files, message):
    result = check_includes(files)
    assert result.returncode == 1
    assert message in result.stdout


CTEST = """<testsuite>
<testcase name="unit.a" status="run"/>
<testcase name="unit.b" status="fail"><failure message=""/><system-out>b_test.cc:7: Failure</system-out></testcase>
<testcase name="unit.c" status="notrun"><skipped message="SKIP_REGULAR_EXPRESSION_MATCHED"/>
<system-out>c_test.cc:3: Skipped
needs root

[  SKIPPED ] c.d (0 ms)</system-out></testcase>
<testcase name="unit.e" status="notrun"><skipped message="Unable to find executable"/></testcase>
<testcase name="pytest" status="{}"><system-out>it crashed</system-out></testcase>
</testsuite>"""
PYTEST = """<testsuites><testsuite>
<testcase classname="test_x" name="a"/><testcase classname="test_x" name="b"/>
<testcase classname="test_x" name="c"><skipped message="no IPv6"/></testcase>{}
</testsuite></testsuites>"""
PYTEST_FAILURE = '<testcase classname="test_x" name="d"><failure message="m">assert 0</failure></testcase>'


@pytest.mark.parametrize(("status", "inner", "passed", "failed"), [
    ("run", PYTEST.format(""), 3, ["unit.b", "unit.e"]),
    ("fail", PYTEST.format(PYTEST_FAILURE), 3, ["unit.b", "unit.e", "test_x.d"]),
    ("fail", PYTEST.format(""), 3, ["unit.b", "unit.e", "pytest"]),
    ("fail", None, 1, ["unit.b", "unit.e", "pytest"]),
    ("fail", "<testsuites><cut off", 1, ["unit.b", "unit.e", "pytest"]),
])
def test_counts_of_ctest_and_pytest(tmp_path, status, inner, passed, failed):
    (tmp_path / "ctest.xml").write_text(CTEST.format(status))
    if inner is not None:
        (tmp_path / "pytest.xml").write_text(inner)
    counted = tally.from_ctest(tmp_path / "ctest.xml", tmp_path / "pytest.xml")
    assert counted.passed == passed
    assert [name for name, _ in counted.failed] == failed
    assert ("unit.c", "needs root") in counted.skipped


def test_no_results_are_a_failure(tmp_path):
    assert str(tally.from_ctest(tmp_path / "none.xml")) == "0 passed, 1 failed"


# Shell functions in front of ci/setup that stand for a machine where just the packages {0} are installed.
MACHINE = """
dpkg-query() {{ case $3 in *Version*) echo 1:14.0-55;; *) printf 'installed %s\\n' {0};; esac; }}
apt-cache() {{ :; }}
apt-get() {{ echo must not be run; }}
"""


def run_setup_as_ordinary_user(installed):
    as_user = ["setpriv", "--reuid", "65534", "--clear-groups"] if os.geteuid() == 0 else []
    script = MACHINE.format(installed) + (CI / "setup").read_text()  # through a pipe: the checkout may be ours alone
    return subprocess.run([*as_user, "bash", "-s"], input=script, capture_output=True, text=True, check=False, cwd="/")


def test_setup_says_what_an_administrator_has_to_install():
    listed = subprocess.run([CI / "setup", "--list"], capture_output=True, text=True, check=True).stdout.split()
    assert "tshark" in listed
    installed = [package for package in listed if package not in ("tshark", "libmnl-dev")]
    result = run_setup_as_ordinary_user(" ".join(installed))
    assert result.stdout == "sudo apt-get install -y --no-install-recommends libmnl-dev tshark\n"
    assert (result.returncode, result.stderr) == (2, "")


def test_setup_is_silent_when_nothing_is_missing():
    listed = subprocess.run([CI / "setup", "--list"], capture_output=True, text=True, check=True).stdout.split()
    result = run_setup_as_ordinary_user(" ".join(listed))
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_coverage_page_is_current():
    result = subprocess.run([CI / "coverage", "--check"], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (0, "")


@pytest.fixture
def coverage(tmp_path):
    """coverage(refs of one scenario) -> (result, the page)."""
    (tmp_path / "ci").mkdir()
    (tmp_path / "docs").mkdir()
    (tmp_path / "ci/requirements.yaml").write_text(
        "- title: Closing\n  requirements:\n    - {ref: RFC 9293 MUST-13, asks: wait}\n    - {ref: RFC 6191, asks: reuse}\n")

    def run(refs):
        path = tmp_path / "scenarios/normal/one.yaml"
        path.parent.mkdir(parents=True)
        path.write_text(f"scenario: 1\nrefs: [{refs}]\n")
        result = subprocess.run([CI / "coverage", "--root", tmp_path], capture_output=True, text=True, check=False)
        page = tmp_path / "docs/coverage.md"
        return result, page.read_text() if page.exists() else ""

    return run


def test_coverage_names_what_is_shown_and_what_is_not(coverage):
    result, page = coverage("RFC 9293 MUST-13, RFC 9293 3.6")
    assert (result.returncode, result.stdout) == (0, "")
    assert "1 of 2 are shown." in page
    assert "| RFC 9293 MUST-13 | wait | `normal/one` |" in page
    assert page.endswith("## Not shown\n- RFC 6191\n")


def test_coverage_refuses_a_requirement_that_is_not_in_the_list(coverage):
    result, page = coverage("RFC 9293 3.10.7.4 LAST-ACK FINN")
    assert (result.returncode, page) == (2, "")
    assert result.stdout == "normal/one: 'RFC 9293 3.10.7.4 LAST-ACK FINN' is not in ci/requirements.yaml\n"


# Runs each file as often as it is told to; what is called bad fails once, what is called slow is never conclusive.
FAKE_LASTACK = """#!/usr/bin/python3
import json, pathlib, sys
names = {}
def result(name, verdict, number):
    folder = pathlib.Path(sys.argv[sys.argv.index("--evidence") + 1]) / name / str(number)
    folder.mkdir(parents=True)
    headline = {"INCONCLUSIVE": f"overshoot of {number} ms"}.get(verdict, "as it is")
    return {"id": f"{name}#{number}", "verdict": verdict, "headline": headline, "evidence": str(folder)}
if "--list=json" in sys.argv:
    print(json.dumps({"scenarios": [{"file": file} for file in FILES]}))
    sys.exit()
files = sys.argv[2:sys.argv.index("--repeat")]
repeat = int(sys.argv[sys.argv.index("--repeat") + 1])
results = [result(file, "FAIL" if (file, number) == ("bad", 1) else "INCONCLUSIVE" if file == "slow" else "PASS", number)
           for file in files for number in range(repeat)]
pathlib.Path(sys.argv[sys.argv.index("--json") + 1]).write_text(json.dumps({"results": results}))
"""


@pytest.fixture
def soak(tmp_path):
    """soak(files of the variants, arguments) -> result."""

    def run(files, *arguments):
        program = tmp_path / "lastack"
        program.write_text(FAKE_LASTACK.replace("FILES", repr(files)))
        program.chmod(0o755)
        command = [CI / "soak", "--lastack", program, "--evidence", tmp_path / "soak", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    return run


def test_soak_spreads_the_runs_over_the_variants(soak, tmp_path):
    result = soak(["a", "a", "a", "b"], "--quiet", "10", "--busy", "2")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "quiet: 14 runs in" in result.stdout  # the fake has no variants: 4 of a (3 variants), 10 of b (1)
    assert "busy: 3 runs in" in result.stdout
    assert not (tmp_path / "soak/running").exists()


def test_soak_keeps_the_evidence_of_what_fails(soak, tmp_path):
    result = soak(["a", "bad"], "--quiet", "3", "--busy", "0")
    assert result.returncode == 1
    assert "FAIL bad#1: as it is" in result.stdout
    assert [path.name for path in (tmp_path / "soak/quiet").iterdir()] == ["bad#1"]


def test_soak_names_the_probes_and_fails_above_one_percent(soak):
    result = soak(["a", "slow"], "--quiet", "3", "--busy", "0")
    assert result.returncode == 1
    assert "quiet: 50.00 % INCONCLUSIVE\n  3 × overshoot of N\n" in result.stdout
