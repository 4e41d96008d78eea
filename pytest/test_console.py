"""The console on a terminal and into a pipe: progress, colour, widths, and what stands at the end."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time

import pytest
from conftest import PROGRAM, ROOT

SHORT = "scenario: 1\ntitle: A listener comes and goes\nmatrix: {round: [a, b, c, d]}\nsteps:\n  - server: listen\n"
WRONG = "scenario: 1\ntitle: Nobody listens\nsteps:\n  - client: connect\n"
SECONDS = 60


class Terminal:
    """What a program writes to stderr, which is a terminal of that width; and, apart from it, to stdout."""

    def __init__(self, arguments, columns, stdout_too=False, **environment):
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        inherited = {name: value for name, value in os.environ.items()
                     if name not in ("CI", "NO_COLOR", "CLICOLOR_FORCE", "TERM")}
        with subprocess.Popen([PROGRAM, *map(str, arguments)], cwd=ROOT, stdin=subprocess.DEVNULL, stderr=slave,
                              stdout=slave if stdout_too else subprocess.PIPE, text=True,
                              env={**inherited, "TERM": "xterm", **environment}) as process:
            os.close(slave)
            self.bytes = self._read(master, process)
            self.stdout = "" if stdout_too else process.stdout.read()
        self.returncode = process.returncode
        self.text = self.bytes.decode()

    @staticmethod
    def _read(master, process):
        data = b""
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            readable, _, _ = select.select([master], [], [], 0.2)
            if readable:
                try:
                    more = os.read(master, 65536)
                except OSError:  # the last writer has closed it
                    more = b""
                data += more
                if not more:
                    break
        os.close(master)
        if process.poll() is None and time.monotonic() >= deadline:
            process.kill()
        return data

    def screen(self, columns):
        """The lines that a terminal would show: \\r goes to the start of the line, ESC [ K erases the rest, others wrap."""
        lines, column = [""], 0
        for token in re.findall(r"\x1b\[[0-9;]*[A-Za-z]|.|\n", self.text):
            if token == "\r":
                column = 0
            elif token == "\n":
                lines.append("")
                column = 0
            elif token == "\x1b[K":
                lines[-1] = lines[-1][:column]
            elif not token.startswith("\x1b"):
                if column == columns:
                    lines.append("")
                    column = 0
                lines[-1] = lines[-1][:column] + token + lines[-1][column + 1:]
                column += 1
        return lines


@pytest.fixture
def terminal(evidence):
    return lambda *arguments, columns=80, **others: Terminal(["run", *arguments, "--evidence", evidence], columns, **others)


@pytest.fixture
def run(lastack, evidence):
    return lambda *arguments, **options: lastack("run", *arguments, "--evidence", evidence, **options)


def test_progress_is_one_line_that_is_rewritten_and_gone_at_the_end(terminal, write_scenario):
    shown = terminal(write_scenario(SHORT))
    assert (shown.returncode, shown.stdout.splitlines()[-1]) == (0, "4 passed, 0 failed, 0 skipped")
    versions = shown.text.split("\r\x1b[K")
    assert versions[1:-1][0].rstrip() == "[0/4]"
    lines = [re.fullmatch(r"\[(\d)/4\] PASS test/scenario\.([a-d]) \(.*\)", version).groups() for version in versions[2:-1]]
    assert ([number for number, _ in lines], sorted(label for _, label in lines)) == (list("1234"), list("abcd"))
    assert "\n" not in shown.text
    assert shown.screen(80) == [""]


@pytest.mark.parametrize("columns", [20, 40])
def test_progress_does_not_wrap_on_a_narrow_terminal(terminal, write_scenario, columns):
    shown = terminal(write_scenario(SHORT, name="a-long-family/a-scenario-with-a-long-name-日本"), columns=columns)
    versions = re.split(r"\r\x1b\[K", shown.text)
    assert max(len(version) for version in versions) == columns - 1
    assert shown.screen(columns) == [""]


def test_what_failed_stays_above_the_progress_line(terminal, write_scenario):
    shown = terminal(write_scenario(SHORT), write_scenario(WRONG, name="test/wrong"))
    assert re.fullmatch(r"FAIL test/wrong \([\d.]+ \S+\)", re.sub(r"\x1b\[\d*m", "", shown.screen(80)[0]))
    assert shown.screen(80)[1:] == [""]


@pytest.mark.parametrize(("environment", "options"), [
    ({"TERM": "dumb"}, []), ({"TERM": ""}, []), ({"CI": "true"}, []), ({}, ["-v"])])
def test_one_line_for_each_where_rewriting_is_unwelcome(terminal, write_scenario, environment, options):
    shown = terminal(write_scenario(SHORT), "--color", "never", *options, **environment)
    assert "\x1b" not in shown.text
    lines = shown.text.replace("\r\n", "\n").splitlines()
    assert sorted(line.split(" (")[0] for line in lines) == [f"PASS test/scenario.{label}" for label in "abcd"]


def test_quiet_writes_no_progress(terminal, write_scenario):
    shown = terminal(write_scenario(SHORT), "-q")
    assert (shown.text, shown.stdout) == ("", "4 passed, 0 failed, 0 skipped\n")


@pytest.mark.parametrize(("environment", "options", "coloured"), [
    ({}, [], True),
    ({"NO_COLOR": "1"}, [], False),
    ({"NO_COLOR": ""}, [], True),
    ({"NO_COLOR": "1", "CLICOLOR_FORCE": "1"}, [], False),
    ({"NO_COLOR": "1"}, ["--color", "always"], True),
    ({}, ["--color", "never"], False),
])
def test_colour_on_a_terminal(terminal, write_scenario, environment, options, coloured):
    shown = terminal(write_scenario(WRONG), *options, stdout_too=True, **environment)
    assert ("\x1b[31mFAIL\x1b[0m" in shown.text) == coloured
    assert bool(re.search(r"\x1b\[\d*m", shown.text)) == coloured


def test_results_into_a_pipe_are_plain_while_progress_on_the_terminal_is_coloured(terminal, write_scenario):
    shown = terminal(write_scenario(WRONG), "-v")
    assert "\x1b" not in shown.stdout
    assert "\x1b[31mFAIL\x1b[0m test/scenario" in shown.text


def test_into_a_pipe_each_scenario_has_a_line(run, write_scenario):
    result = run(write_scenario(SHORT), env={"TERM": "xterm"})
    assert sorted(line.split(" (")[0] for line in result.stderr.splitlines()) == [f"PASS test/scenario.{label}" for label in "abcd"]
    assert "\x1b" not in result.stderr + result.stdout
    assert "slowest" not in result.stdout


def test_failures_are_repeated_at_the_end_with_all_that_is_needed(run, write_scenario, evidence):
    path = write_scenario(WRONG, name="te st/wr'ong")
    result = run(write_scenario(SHORT), path, "--set", "net.ipv4.tcp_fin_timeout=7")
    assert result.returncode == 1
    failure = result.stdout
    assert "\nFAIL te st/wr'ong\n  expected client connect: success, got ECONNREFUSED from connect\n" in failure
    assert f"  {path}:4: app witness\n    expected: client connect: success\n    actual:   ECONNREFUSED from connect\n" in failure
    assert f"  evidence: {evidence}/te st/wr'ong\n" in failure
    (again,) = re.findall(r"  again: (.*)\n", failure)
    assert again.endswith("--set net.ipv4.tcp_fin_timeout=7")
    repeated = subprocess.run(["bash", "-c", again.replace("lastack ", f"'{PROGRAM}' ", 1) + f" --evidence '{evidence}'"],
                              capture_output=True, text=True, check=False, cwd=ROOT)
    assert (repeated.returncode, repeated.stdout.splitlines()[-1]) == (1, "0 passed, 1 failed, 0 skipped")


def test_verbose_tells_the_five_slowest(run, write_scenario):
    result = run(write_scenario(SHORT), "--repeat", 2, "-v")
    (slowest,) = re.findall(r"^slowest:\n((?:  .*\n)+)", result.stdout, re.MULTILINE)
    assert len(slowest.splitlines()) == 5
    assert all(re.fullmatch(r" +[\d.]+ \S+  test/scenario\.[a-d]#[12]", line) for line in slowest.splitlines())


def test_root_that_may_do_nothing_skips_with_the_reason(run, write_scenario):
    if os.geteuid() != 0:
        pytest.skip("not root")
    result = run(write_scenario(SHORT), prefix=["setpriv", "--bounding-set=-sys_admin"])
    assert (result.returncode, result.stdout.splitlines()[-1]) == (4, "0 passed, 0 failed, 4 skipped")
    assert "skipped 4: cannot make a network namespace: Operation not permitted (EPERM) (run as root" in result.stdout


@pytest.mark.parametrize("options", [[], ["-q"]])
def test_skips_are_counted_and_explained(run, write_scenario, with_one_user, options):
    result = run(write_scenario(SHORT + "needs: [two-users]\n"), *options, prefix=with_one_user)
    assert (result.returncode, result.stdout.splitlines()[-1]) == (4, "0 passed, 0 failed, 4 skipped")
    assert re.search(r"^skipped 4: needs two-users: a process here cannot become user 65534 \(run as root; .*\)$",
                     result.stdout, re.MULTILINE)
    assert ("  test/scenario.a\n" in result.stdout) == (not options)
