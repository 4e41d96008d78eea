"""The pytest plugin, in projects of its own: what it collects, what a failure shows, and that other plugins work with it."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import pytest
from conftest import PROGRAM, ROOT

PLUGIN = ROOT / "pytest"
EXAMPLE = ROOT / "docs/examples/pytest"
GOOD = "scenario: 1\ntitle: A listener comes and goes\nlabels: [quick]\nmatrix: {round: [a, b]}\nsteps:\n  - server: listen\n"
WRONG = "scenario: 1\ntitle: Nobody listens\nlabels: [bad-one]\nsteps:\n  - client: connect\n"


@pytest.fixture
def project(tmp_path):
    """A project with one file that passes twice and one that fails."""
    folder = tmp_path / "project"
    for name, text in {"close/good.yaml": GOOD, "close/wrong.yaml": WRONG}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (folder / "pytest.ini").write_text("[pytest]\n")
    return folder


@pytest.fixture
def run(tmp_path):
    """run(folder, arguments) -> pytest in that folder, with the plugin from the source tree."""

    def start(folder, *arguments, plugin="pytest_lastack", python=sys.executable, prefix=(), **environment):
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        command = [*prefix, python, "-m", "pytest", *(["-p", plugin] if plugin else []), "-p", "no:randomly", *map(str, arguments)]
        return subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=100,
                              env={**inherited, "PYTHONPATH": str(PLUGIN), "LASTACK": PROGRAM, **environment}, check=False)

    return start


def outcome(result):
    """The last line without its time and its "="."""
    return re.sub(r" in [\d.]+s.*", "", result.stdout.splitlines()[-1]).strip("= ")


def test_every_variant_is_a_test(run, project):
    result = run(project, "--collect-only", "-q")
    assert result.stdout.splitlines()[:3] == ["close/good.yaml::good.a", "close/good.yaml::good.b", "close/wrong.yaml::wrong"]
    assert not (project / "evidence").exists()


def test_a_failure_shows_our_text_and_no_traceback(run, project):
    result = run(project)
    assert (result.returncode, outcome(result)) == (1, "1 failed, 2 passed")
    assert "Traceback" not in result.stdout and "pytest_lastack.py" not in result.stdout
    (text,) = re.findall(r"_ close/wrong _+\n(.*?)\n=", result.stdout, re.DOTALL)
    assert text.startswith("FAIL close/wrong\n  expected client connect: success, got ECONNREFUSED from connect\n"
                           "  close/wrong.yaml:5: app witness\n    expected: client connect: success\n")
    assert re.search(r"│━━ SYN ━+▶│", text)
    assert f"\n  evidence: {project}/evidence/close/wrong\n" in text
    assert text.endswith("again: lastack run close/wrong.yaml --filter 'close/wrong'")
    assert ("FAILED close/wrong.yaml::wrong - FAIL: expected client connect: success, got ECONNREFUSED from connect"
            .startswith(result.stdout.splitlines()[-2][:70]))
    assert (project / "evidence/close/good.a/client.pcapng").exists()
    assert outcome(run(project, "--lf")) in ("1 failed", "1 failed, 2 deselected")  # the last failed alone


def test_with_xdist(run, project, tmp_path):
    result = run(project, "-n", "2", "--dist", "loadgroup", "--lastack-evidence", "../kept")
    assert (result.returncode, outcome(result)) == (1, "1 failed, 2 passed")
    assert "Traceback" not in result.stdout
    assert "expected: client connect: success\n" in result.stdout
    assert "FAILED close/wrong.yaml::wrong - FAIL: expected client" in result.stdout
    assert sorted(path.name for path in (tmp_path / "kept/close").iterdir()) == ["good.a", "good.b", "wrong"]


@pytest.mark.parametrize(("options", "selected"), [
    (["-m", "quick"], ["good.a", "good.b"]),
    (["-m", "not bad-one", "--strict-markers"], ["good.a", "good.b"]),
    (["-k", "good.b"], ["good.b"]),
    (["-k", "wrong or good.a"], ["good.a", "wrong"]),
    (["close/good.yaml::good.b"], ["good.b"]),
])
def test_selection(run, project, options, selected):
    result = run(project, "--collect-only", "-q", *options)
    assert [line.rpartition("::")[2] for line in result.stdout.splitlines() if "::" in line] == selected


def test_junit_of_pytest_has_place_and_evidence(run, project):
    run(project, "-n", "2", "--junitxml", "out.xml")
    cases = {case.get("name"): case for case in ElementTree.parse(project / "out.xml").getroot().iter("testcase")}
    properties = {entry.get("name"): entry.get("value") for entry in cases["wrong"].iter("property")}
    assert properties == {"file": "close/wrong.yaml", "line": "5", "evidence": f"{project}/evidence/close/wrong"}
    failure = cases["wrong"].find("failure")
    assert failure.get("message") == "FAIL: expected client connect: success, got ECONNREFUSED from connect"
    assert "│━━ SYN ━" in failure.text
    run(project, "close/good.yaml::good.a", "--junitxml", "out.xml", "-o", "junit_family=xunit1")
    cases = {case.get("name"): case for case in ElementTree.parse(project / "out.xml").getroot().iter("testcase")}
    assert (cases["good.a"].get("file"), cases["good.a"].get("line")) == ("close/good.yaml", "0")  # pytest counts from 0


def test_a_wrong_scenario_file_is_an_error_of_collection_in_our_words(run, project):
    (project / "close/broken.yaml").write_text(WRONG.replace("connect", "conect"))
    result = run(project)
    assert result.returncode == 2
    assert "close/broken.yaml:5:13: unknown call 'conect'; did you mean 'connect'?\n" in result.stdout
    assert "Traceback" not in result.stdout and "pytest_lastack.py" not in result.stdout


def test_what_cannot_run_here_is_skipped_with_its_reason(run, project, with_one_user):
    (project / "close/needs.yaml").write_text(GOOD + "needs: [two-users]\n")
    result = run(project, "close/needs.yaml", "-rs", prefix=with_one_user)
    assert (result.returncode, outcome(result)) == (0, "2 skipped")
    assert "SKIPPED [2] close/needs.yaml:1: needs two-users: a process here cannot become user 65534" in result.stdout


def test_inert_without_scenarios(run, tmp_path):
    (tmp_path / "values.yaml").write_text("title: scenario: 1\nscenarios: 1\nscenario: 2\n")
    (tmp_path / "test_it.py").write_text("def test_it():\n    pass\n")
    result = run(tmp_path, "--strict-markers", LASTACK="/no/such/program")
    assert (result.returncode, outcome(result)) == (0, "1 passed")


def test_without_the_program_it_says_what_to_do(run, project):
    result = run(project, LASTACK="/no/such/program")
    assert result.returncode != 0
    assert "there is no program /no/such/program: install lastack, set LASTACK, or give --lastack PROGRAM" in result.stdout + result.stderr
    assert "Traceback" not in result.stdout
    assert outcome(run(project, "--lastack", PROGRAM, LASTACK="/no/such/program")) == "1 failed, 2 passed"


def test_the_example_project_passes(run, tmp_path):
    shutil.copytree(EXAMPLE, tmp_path / "example")
    result = run(tmp_path / "example", "-v")
    assert (result.returncode, outcome(result)) == (0, "3 passed")
    assert re.search(r"scenarios/server/closes-first.yaml::closes-first\.reuseaddr PASSED", result.stdout)


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A virtual environment into which the plugin was installed, from copies of its sources and without a network."""
    folder = tmp_path_factory.mktemp("installed")
    sources = folder / "pytest"
    sources.mkdir()
    for path in [PLUGIN / "pyproject.toml", *PLUGIN.glob("*lastack*.py")]:
        shutil.copy(path, sources)
    subprocess.run(["/usr/bin/python3", "-m", "venv", "--system-site-packages", "--without-pip", folder / "venv"], check=True)
    python = folder / "venv/bin/python3"
    subprocess.run([python, "-m", "pip", "install", "-q", "--no-index", "--no-build-isolation", "--no-deps", sources],
                   capture_output=True, text=True, check=True)
    return python


def test_installed_it_is_found_by_pytest_itself(run, project, installed):
    result = run(project, plugin=None, python=installed, PYTHONPATH="")
    assert (result.returncode, outcome(result)) == (1, "1 failed, 2 passed")
    assert re.search(r"plugins: .*lastack-", result.stdout)


def test_its_version_is_that_of_the_program(lastack):
    (version,) = re.findall(r'^version = "(.*)"$', (PLUGIN / "pyproject.toml").read_text(), re.MULTILINE)
    assert lastack("--version").stdout.startswith(f"lastack {version} ")


def test_the_folder_does_not_shadow_pytest():
    assert not (pathlib.Path(__file__).parent / "__init__.py").exists()
