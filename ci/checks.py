"""Runs the checks of ci/test one after the other, cheapest first, all of them even when one fails; then sums up.

Each check's whole output is in build/ci/; what failed is printed.
"""

import argparse
import os
import signal
import subprocess
import sys
import time

import tally
from sources import ROOT, sources
from tally import Tally

LOGS = ROOT / "build/ci"
CORES = len(os.sched_getaffinity(0))
SHOWN_LINES = 80  # of the output of what failed; the log has all of it
STEP_TIMEOUT_SECONDS = 2400

SAMPLE = "150"  # of ci/mutants, half a minute

SANITIZED = ["tcp", "scenario", "record", "judge", "report"]  # their tests also run under the sanitizers
SANITIZER_ENVIRONMENT = {
    "ASAN_OPTIONS": "strict_string_checks=1:detect_stack_use_after_return=1",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
}


def run(log, *command, **environment):
    """Runs a command in the root with its output appended to build/ci/LOG.log: (exit code, that output)."""
    path = LOGS / f"{log}.log"
    with open(path, "ab") as output:
        begin = output.tell()
        with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                              env={**os.environ, **environment}, start_new_session=True) as process:
            try:
                code = process.wait(STEP_TIMEOUT_SECONDS)
            except BaseException as problem:  # also when interrupted: the whole process group ends with us
                os.killpg(process.pid, signal.SIGKILL)
                if not isinstance(problem, subprocess.TimeoutExpired):
                    raise
                output.write(f"{command[0]} took longer than {STEP_TIMEOUT_SECONDS} s\n".encode())
                code = 124
    with open(path, "rb") as text:
        text.seek(begin)
        return code, text.read().decode(errors="replace")


def run_all(name, *commands, **environment):
    """One check made of several commands: passed if all exit with 0; the rest is not run after one that does not."""
    for command in commands:
        code, output = run(name, *command, **environment)
        if code != 0:
            return tally.failure(name, output or f"{' '.join(command)}: exit {code}")
    return tally.ok()


def check_format():
    return run_all("format", ["clang-format", "--dry-run", "-Werror", *sources("*.cc", "*.h")])


def check_includes():
    return run_all("includes", ["ci/check-includes"])


def configure(preset):
    return ["cmake", "--preset", preset]


def build(preset, *targets):
    target = ["--target", *targets] if targets else []
    return ["cmake", "--build", "--preset", preset, *target, "--", "-k", "0"]


def ctest(preset, *arguments, **environment):
    """Runs ctest and counts its tests, pytest's one by one."""
    folder = ROOT / "build" / preset
    results, pytest_results = folder / "ctest.xml", folder / "pytest.xml"
    for stale in (results, pytest_results):
        stale.unlink(missing_ok=True)
    code, output = run(preset, "ctest", "--preset", preset, "--output-junit", str(results), "--no-tests=error",
                       "-j", str(CORES), *arguments, **environment)
    counted = tally.from_ctest(results, pytest_results, prefix=f"{preset}/")
    if code != 0 and not counted.failed:
        counted += tally.failure(f"{preset}/ctest", output)
    return counted


def check_dev():
    """Everything built with assertions, benchmarks included; unit tests and, through pytest, whole runs."""
    built = run_all("dev", configure("dev"), build("dev", "all", "benchmarks"))
    return built if built.failed else ctest("dev")


def check_mutants():
    """A sample of the small changes that must make a scenario fail; ci/mutants tries them all."""
    built = run_all("mutants", configure("dev"), build("dev", "programs"))
    if built.failed:
        return built
    code, output = run("mutants", "ci/mutants", "--lastack", "build/dev/bin/lastack", "--sample", SAMPLE, "--seed", "1")
    if code == 4:  # as `lastack run`: everything was skipped
        return Tally(skipped=[("mutants", output.strip())])
    return tally.ok() if code == 0 else tally.failure("mutants", output)


def check_tidy():
    # The compile commands; also when the build is broken, or was not asked for.
    return run_all("tidy", configure("dev"), ["ci/tidy"])


def check_asan():
    """The unit tests of what reads foreign input, and one whole run, under AddressSanitizer and UndefinedBehaviorSanitizer."""
    tests = [f"{folder}_test" for folder in SANITIZED]
    built = run_all("asan", configure("asan"), build("asan", *tests, "programs"))
    if built.failed:
        return built
    counted = Tally()
    for test in tests:
        code, output = run("asan", f"build/asan/bin/{test}", "--gtest_brief=1", **SANITIZER_ENVIRONMENT)
        counted += tally.ok() if code == 0 else tally.failure(f"asan/{test}", output)
    name = "asan/whole-run"
    code, output = run("asan", "build/asan/bin/lastack", "run", "scenarios/normal/active-close-client.yaml",
                       "--evidence", "build/asan/evidence", **SANITIZER_ENVIRONMENT)
    if code == 4:  # `run`: everything selected was skipped
        counted += Tally(skipped=[(name, output.strip())])
    elif code != 0 or "Sanitizer" in output or "runtime error:" in output:
        counted += tally.failure(name, output)
    else:
        counted += tally.ok()
    return counted


CHECKS = {
    "format": check_format,
    "includes": check_includes,
    "dev": check_dev,
    "mutants": check_mutants,
    "tidy": check_tidy,
    "asan": check_asan,
}
# Not asan, which builds everything a second time, nor tidy, which takes as long again.
UNASKED = [name for name in CHECKS if name not in ("tidy", "asan")]


def tail(text):
    lines = text.rstrip().splitlines()
    left_out = [f"… {len(lines) - SHOWN_LINES} lines before these"] if len(lines) > SHOWN_LINES else []
    return "\n".join("    " + line for line in left_out + lines[-SHOWN_LINES:])


def run_check(name):
    print(f"{name} … ", end="", flush=True)
    (LOGS / f"{name}.log").unlink(missing_ok=True)
    begin = time.monotonic()
    counted = CHECKS[name]()
    print(f"{counted} ({time.monotonic() - begin:.1f} s)")
    for failed, text in counted.failed:
        print(f"  FAILED {failed}\n{tail(text)}", flush=True)
    return counted


def main():
    parser = argparse.ArgumentParser(prog="ci/test", description="Runs every check and every test.")
    parser.add_argument("checks", nargs="*", metavar="CHECK", help=f"one of {', '.join(CHECKS)}; {', '.join(UNASKED)} unless named")
    chosen = parser.parse_args().checks
    for name in chosen:
        if name not in CHECKS:
            parser.error(f"there is no check {name}; there are {', '.join(CHECKS)}")

    LOGS.mkdir(parents=True, exist_ok=True)
    begin = time.monotonic()
    total = Tally()
    for name in CHECKS:
        if name in (chosen or UNASKED):
            total += run_check(name)
    print(f"\n{time.monotonic() - begin:.0f} s; logs: {LOGS.relative_to(ROOT)}/")
    for name, reason in total.skipped:
        print(f"skipped {name}: {reason}")
    for name, _ in total.failed:
        print(f"FAILED {name}")
    print(total)
    return 1 if total.failed else 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
