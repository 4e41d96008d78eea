"""Counts test results: what passed, what failed and why, what was skipped and why; and reads them from JUnit files."""

import dataclasses
import pathlib
import re
import xml.etree.ElementTree as ElementTree

# What GoogleTest prints where a test calls GTEST_SKIP() << reason.
GTEST_SKIP = re.compile(r": Skipped\n(.*?)\n*\[ ", re.DOTALL)


@dataclasses.dataclass
class Tally:
    """The sum over any number of checks and tests."""

    passed: int = 0
    failed: list = dataclasses.field(default_factory=list)  # (name, text)
    skipped: list = dataclasses.field(default_factory=list)  # (name, reason)

    def __iadd__(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        return self

    def __str__(self):
        skipped = f", {len(self.skipped)} skipped" if self.skipped else ""
        return f"{self.passed} passed, {len(self.failed)} failed{skipped}"


def ok():
    return Tally(passed=1)


def failure(name, text):
    return Tally(failed=[(name, text)])


def _cases(path):
    """The test cases of a JUnit file; nothing if it is not there or not whole."""
    try:
        return list(ElementTree.parse(path).getroot().iter("testcase"))
    except (OSError, ElementTree.ParseError):
        return None


def from_pytest(path):
    """The results in the JUnit file of a pytest run; nothing if there is none."""
    cases = _cases(path)
    if cases is None:
        return None
    tally = Tally()
    for case in cases:
        name = f"{case.get('classname', '')}.{case.get('name')}"
        wrong = [case.find(tag) for tag in ("failure", "error") if case.find(tag) is not None]
        skipped = case.find("skipped")
        if wrong:
            tally.failed.append((name, "\n".join(element.text or element.get("message", "") for element in wrong)))
        elif skipped is not None:
            tally.skipped.append((name, skipped.get("message") or "no reason given"))
        else:
            tally.passed += 1
    return tally


def _ctest_case(case, prefix):
    name, status = prefix + case.get("name"), case.get("status")
    output = case.findtext("system-out") or ""
    if status == "run":
        return ok()
    if status == "disabled":
        return Tally(skipped=[(name, "disabled")])
    reason = case.find("skipped")
    message = reason.get("message", "") if reason is not None else ""
    if status == "notrun" and message.startswith("SKIP_"):
        said = GTEST_SKIP.search(output)
        return Tally(skipped=[(name, said[1].strip() if said and said[1].strip() else "no reason given")])
    return failure(name, output or message or f"ctest says {status}")


def from_ctest(path, pytest_path=None, prefix=""):
    """The results in the JUnit file of a ctest run. Its entry `pytest` is replaced by the cases in `pytest_path`."""
    cases = _cases(path)
    if not cases:
        return failure(f"{prefix}ctest", f"no test results in {path}")
    tally = Tally()
    for case in cases:
        result = _ctest_case(case, prefix)
        if case.get("name") == "pytest" and pytest_path is not None:
            inner = from_pytest(pathlib.Path(pytest_path))
            if inner is not None and (inner.failed or not result.failed):
                result = inner
            elif inner is not None:  # it failed and none of its cases says why: a crash, a timeout
                result += Tally(inner.passed, skipped=inner.skipped)
        tally += result
    return tally
