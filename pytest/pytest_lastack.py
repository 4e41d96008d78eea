"""pytest plugin: every variant of every lastack scenario file is a test. docs/pytest.md says how to use it."""

import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest
from _pytest._code.code import ReprEntryNative, ReprExceptionInfo, ReprFileLocation, ReprTraceback

SCENARIO_KEY = re.compile(r"^scenario:\s*1\s*(#.*)?$", re.MULTILINE)
SELECTED, FAILED, SKIPPED = (0,), (0, 1, 3), 4  # exit codes of `lastack run`
LIST_SECONDS = 60
PROGRAM_KEY, EVIDENCE_KEY = pytest.StashKey[str](), pytest.StashKey[str]()


class ScenarioError(Exception):
    """What lastack says of a scenario file, or of a run of it; its text is all that is shown."""

    def __init__(self, text, headline, line):
        super().__init__(headline)
        self.text, self.headline, self.line = text, headline, line

    def representation(self, path):
        """As pytest wants a failure, so that the one-line summary and JUnit have the headline. It also passes through xdist."""
        entry = ReprEntryNative([line + "\n" for line in self.text.strip("\n").split("\n")])
        return ReprExceptionInfo(reprtraceback=ReprTraceback([entry], None, style="native"),
                                 reprcrash=ReprFileLocation(str(path), self.line, self.headline))


def pytest_addoption(parser):
    group = parser.getgroup("lastack", "scenarios of how TCP connections close")
    group.addoption("--lastack", metavar="PROGRAM", help="the lastack program (default: $LASTACK, then PATH, then a build beside the plugin)")
    group.addoption("--lastack-evidence", metavar="DIR", help="folder for captures and results (default: ./evidence)")


def pytest_configure(config):
    given = getattr(config, "workerinput", {}).get("lastack_evidence")  # a worker of xdist
    config.stash[EVIDENCE_KEY] = given or os.path.abspath(config.option.lastack_evidence or "evidence")


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node):
    """Of xdist: what a worker, which may have another current directory, has to know."""
    node.workerinput["lastack_evidence"] = node.config.stash[EVIDENCE_KEY]


def find_program(config):
    """The program to run; where there is none, what to do about it. Looked for once, when the first scenario file is met."""
    if PROGRAM_KEY not in config.stash:
        builds = [pathlib.Path(__file__).resolve().parent.parent / "build" / preset / "bin/lastack" for preset in ("release", "dev")]
        asked = config.option.lastack or os.environ.get("LASTACK")
        candidates = [asked] if asked else ["lastack", *map(str, builds)]
        found = [program for program in map(shutil.which, candidates) if program]
        if not found:
            raise pytest.UsageError(f"there is no program {' or '.join(candidates)}: install lastack, set LASTACK, or give --lastack PROGRAM")
        config.stash[PROGRAM_KEY] = os.path.abspath(found[0])
    return config.stash[PROGRAM_KEY]


def run_lastack(node, *options, timeout=None):
    """`lastack run` of the node's file. Paths in what it says are from the root of the tests, as pytest's own are."""
    root = node.config.rootpath
    command = [find_program(node.config), "run", os.path.relpath(node.path, root), *options]
    # What is no UTF-8 is replaced: a scenario may have anything in its name.
    return subprocess.run(command, cwd=root, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
                          timeout=timeout, check=False)


def pytest_collect_file(file_path, parent):
    if file_path.suffix == ".yaml" and SCENARIO_KEY.search(file_path.read_text(errors="replace")):
        return ScenarioFile.from_parent(parent, path=file_path)
    return None


class ScenarioFile(pytest.File):
    def collect(self):
        listed = run_lastack(self, "--list=json", timeout=LIST_SECONDS)
        if listed.returncode not in SELECTED:
            text = listed.stderr.strip("\n")
            raise ScenarioError(text, text.split("\n", 1)[0], 1)
        for variant in json.loads(listed.stdout)["scenarios"]:
            yield Scenario.from_parent(self, name=variant["id"].rpartition("/")[2], variant=variant)

    def repr_failure(self, excinfo):
        if isinstance(excinfo.value, ScenarioError):
            return excinfo.value.text
        return super().repr_failure(excinfo)


class Scenario(pytest.Item):
    def __init__(self, *, variant, **others):
        super().__init__(**others)
        self.variant = variant
        self.extra_keyword_matches.add(variant["id"])
        known = {line.partition(":")[0] for line in self.config.getini("markers")}
        for label in variant["labels"]:
            if label not in known:
                self.config.addinivalue_line("markers", f"{label}: label of lastack scenarios")
            self.add_marker(label)

    def reportinfo(self):
        return self.path, self.variant["line"] - 1, self.variant["id"]

    def runtest(self):
        ran = run_lastack(self, "--filter", self.variant["id"], "-q", "-j", "1", "--color", "never", "--json", "-",
                          "--evidence", self.config.stash[EVIDENCE_KEY])
        if ran.returncode not in (*FAILED, SKIPPED):
            raise ScenarioError(ran.stderr, f"lastack exits with {ran.returncode}", self.variant["line"])
        (result,) = json.loads(ran.stdout)["results"]
        if ran.returncode == SKIPPED:
            pytest.skip(result["headline"])
        for name in ("file", "line", "evidence"):
            self.user_properties.append((name, str(result[name])))
        if ran.returncode != 0:
            text = ran.stderr.strip("\n").rpartition("\n")[0]  # without the counts
            raise ScenarioError(text, f"{result['verdict']}: {result['headline']}", result["line"])

    def repr_failure(self, excinfo):
        if isinstance(excinfo.value, ScenarioError):
            return excinfo.value.representation(self.path)
        return super().repr_failure(excinfo)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    """A skip has its place in the scenario file, not here."""
    report = (yield).get_result()
    if isinstance(item, Scenario) and report.skipped and isinstance(report.longrepr, tuple) and report.longrepr[0] == __file__:
        report.longrepr = (str(item.path), item.variant["line"], report.longrepr[2])
