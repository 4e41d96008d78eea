"""What happens when the world around a run breaks: an error that says what, and never anything left behind."""

import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import pytest
from conftest import PROGRAM, ROOT

CLOSE = ROOT / "scenarios" / "normal" / "active-close-client.yaml"
LONG = """scenario: 1
title: A wait that outlasts the test
steps:
  - server: listen
  - client: connect
  - server: accept
  - wait: {for: 5min}
"""
NOBODY = 65534
AS_NOBODY = ["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups"]
SOON = 30  # seconds: a deadline for what takes a few milliseconds on an idle machine
POLL = 0.01
ESTABLISHED = " 01 "

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become another user or to mount")


def wait_until(condition):
    """What the condition returns, as soon as it is true."""
    deadline = time.monotonic() + SOON
    while not (value := condition()):
        assert time.monotonic() < deadline, "timed out"
        time.sleep(POLL)
    return value


def sockets_of(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/net/tcp").read_text()
    except OSError:
        return ""


class Background:
    """A run in the background whose scenario has come to its long wait."""

    def __init__(self, leftovers, arguments, **options):
        self._leftovers = leftovers
        self.process = subprocess.Popen([PROGRAM, "run", *map(str, arguments)], stdin=subprocess.DEVNULL, text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)

    def pids(self, program):
        """Of that program, in the order of starting."""
        return sorted(pid for pid, line in self._leftovers.processes().items()
                      if re.search(rf": \S*/{program}( |$)", line))

    def wait_for_connection(self):
        wait_until(lambda: len(peers := self.pids("lastack-peer")) == 2
                   and all(ESTABLISHED in sockets_of(pid) for pid in peers))

    def end(self):
        stdout, stderr = self.process.communicate(timeout=SOON)
        return self.process.returncode, stdout, stderr


@pytest.fixture
def background(leftovers, evidence, write_scenario):
    started = []

    def start(*options):
        run = Background(leftovers, [write_scenario(LONG), "--evidence", evidence, *options])
        started.append(run)
        run.wait_for_connection()
        return run

    yield start
    for run in started:
        if run.process.poll() is None:
            run.process.kill()
        run.process.communicate()


@pytest.mark.parametrize("which", [0, 1])
def test_killed_peer_is_an_error(background, which):
    run = background()
    os.kill(run.pids("lastack-peer")[which], signal.SIGKILL)
    code, stdout, _ = run.end()
    assert code == 3
    assert re.search(r"peer (server|client) ended though the scenario did not ask for it \(signal KILL\)", stdout)
    assert stdout.endswith("0 passed, 0 failed, 0 skipped, 1 errors\n")


@pytest.mark.parametrize("which", [0, 1])
def test_killed_host_is_an_error(background, which):
    run = background()
    os.kill(run.pids("lastack-host")[which], signal.SIGKILL)
    code, stdout, _ = run.end()
    assert code == 3
    assert "ERROR test/scenario" in stdout
    assert re.search(r"host '?(client|server)", stdout)


@pytest.mark.parametrize("which", [0, 1])
def test_host_that_hangs_does_not_hold_up_an_interrupt(background, which):
    run = background()
    os.kill(run.pids("lastack-host")[which], signal.SIGSTOP)
    run.process.send_signal(signal.SIGINT)
    assert run.end()[0] == 130


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_signal_ends_the_run(background, leftovers, number, code):
    run = background()
    run.process.send_signal(number)
    returncode, stdout, stderr = run.end()
    assert returncode == code, stdout + stderr
    assert leftovers.wait_until_none() == []


def test_time_limit_is_an_error(lastack, evidence, write_scenario):
    result = lastack("run", write_scenario(LONG), "--timeout", "1s", "--evidence", evidence)
    assert result.returncode == 3
    assert "the run took longer than it may" in result.stdout
    assert "--timeout" in result.stdout


@as_root
def test_full_disk_is_an_error(evidence):
    script = f'mount -t tmpfs -o size=8k tmpfs {evidence} && exec "$0" run {CLOSE} --set family=v4 --evidence {evidence}'
    result = subprocess.run(["unshare", "-m", "sh", "-c", script, PROGRAM], capture_output=True, text=True, check=False,
                            timeout=SOON)
    assert result.returncode == 3, result.stdout + result.stderr
    assert re.search(rf"cannot write {evidence}/normal/active-close-client.v4/\S+: No space left on device \(ENOSPC\)",
                     result.stdout)
    assert "make room in" in result.stdout


def test_evidence_below_a_file_is_an_error(lastack, tmp_path):
    (tmp_path / "file").write_text("")
    result = lastack("run", CLOSE, "--set", "family=v4", "--evidence", tmp_path / "file" / "below")
    assert result.returncode == 3
    assert f"{tmp_path}/file/below" in result.stdout
    assert "1 errors" in result.stdout


def test_results_that_cannot_be_written_are_an_error(lastack, evidence):
    result = lastack("run", CLOSE, "--set", "family=v4", "--evidence", evidence, "--json", "/dev/full/x")
    assert result.returncode == 3
    assert "/dev/full/x" in result.stderr


@pytest.fixture
def ordinary_user():
    """ordinary_user(argument, …) -> the program as nobody, who can read it and the scenarios and write to `folder`."""
    with tempfile.TemporaryDirectory(prefix="lastack-test-") as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        shutil.copytree(ROOT / "scenarios", folder / "scenarios")
        for program in pathlib.Path(PROGRAM).parent.glob("lastack*"):
            shutil.copy(program, folder)
        (folder / "own").mkdir()
        shutil.chown(folder / "own", NOBODY, NOBODY)

        def run(*arguments, before=()):
            return subprocess.run([*before, *AS_NOBODY, folder / "lastack", *arguments], capture_output=True, text=True,
                                  check=False, timeout=SOON, cwd=folder)

        run.folder = folder
        yield run


@as_root
@pytest.mark.parametrize("family", ["v4", "v6", "mapped"])
def test_ordinary_user_passes(ordinary_user, family):
    result = ordinary_user("run", "scenarios/normal/active-close-client.yaml", "--set", f"family={family}",
                           "--evidence", "own")
    assert result.returncode == 0, result.stdout + result.stderr
    assert (ordinary_user.folder / "own/normal" / f"active-close-client.{family}" / "result.json").exists()


@as_root
def test_an_ordinary_user_cannot_trace_the_kernel_and_need_not(ordinary_user):
    asked = ordinary_user("run", "scenarios/abort/linger-zero.yaml", "--witness", "bpf", "--evidence", "own")
    assert asked.returncode == 3, asked.stdout + asked.stderr
    assert re.search(r"^hint: .*root", asked.stderr, re.MULTILINE)
    auto = ordinary_user("run", "scenarios/abort/linger-zero.yaml", "--repeat", "5", "--set", "family=v4", "--evidence", "own")
    assert auto.returncode == 0, auto.stdout + auto.stderr
    result = json.loads(next((ordinary_user.folder / "own").rglob("result.json")).read_text())
    assert any(text.startswith("not traced: ") for text in result["witnesses"]["kernel"]["blind_spots"])


@as_root
def test_what_an_ordinary_user_cannot_do_is_skipped_with_a_reason(ordinary_user):
    alone = ordinary_user("run", "scenarios/listener/port-taken-by-other-user-in-time-wait.yaml", "--evidence", "own")
    assert alone.returncode == 4, alone.stdout + alone.stderr
    assert re.search(r"^skipped 4: needs two-users: .+ \(.+\)$", alone.stdout, re.MULTILINE)
    assert "  listener/port-taken-by-other-user-in-time-wait.v4.reuseaddr\n" in alone.stdout
    assert alone.stdout.endswith("0 passed, 0 failed, 4 skipped\n")
    both = ordinary_user("run", "scenarios/listener/port-taken-by-other-user-in-time-wait.yaml",
                         "scenarios/normal/active-close-client.yaml", "--set", "family=v4", "--evidence", "own")
    assert (both.returncode, both.stdout.splitlines()[-1]) == (0, "1 passed, 0 failed, 2 skipped")


@as_root
def test_doctor_of_an_ordinary_user(ordinary_user):
    result = ordinary_user("doctor")
    assert result.returncode == 0, result.stdout
    assert re.search(r"^NO +two-users", result.stdout, re.MULTILINE)
    assert "hint: " in result.stdout


@as_root
def test_evidence_folder_of_somebody_else_is_an_error(ordinary_user):
    result = ordinary_user("run", "scenarios/normal/active-close-client.yaml", "--set", "family=v4", "--evidence", "notmine")
    assert result.returncode == 3, result.stdout + result.stderr
    assert "cannot make the evidence folder notmine/normal/active-close-client.v4" in result.stdout
    assert "EACCES" in result.stdout


# Runs its arguments in a user namespace of its own that has all users but lets nobody make another one.
WITHOUT_USER_NAMESPACES = """
import ctypes, os, sys
parent, (done_r, done_w) = os.getpid(), os.pipe()
child = os.fork()
if child == 0:
    os.close(done_w)
    os.read(done_r, 1)
    for kind in ("uid_map", "gid_map"):
        with open(f"/proc/{parent}/{kind}", "w") as map:
            map.write("0 0 65536")
    os._exit(0)
if ctypes.CDLL(None, use_errno=True).unshare(0x10000000) != 0:
    sys.exit(77)
os.close(done_w)
if os.waitpid(child, 0)[1] != 0:
    sys.exit(77)
with open("/proc/sys/user/max_user_namespaces", "w") as limit:  # that of the new namespace
    limit.write("0")
os.execvp(sys.argv[1], sys.argv[1:])
"""


@as_root
@pytest.mark.parametrize("command", [["run", "scenarios/normal/active-close-client.yaml", "--evidence", "own"], ["doctor"]])
def test_without_user_namespaces_it_says_so(ordinary_user, command):
    limit = pathlib.Path("/proc/sys/user/max_user_namespaces").read_text()
    result = ordinary_user(*command, before=[sys.executable, "-c", WITHOUT_USER_NAMESPACES])
    assert pathlib.Path("/proc/sys/user/max_user_namespaces").read_text() == limit
    if result.returncode == 77:
        pytest.skip("this machine does not let us make a user namespace with several users")
    assert result.returncode == 3, result.stdout + result.stderr
    assert "cannot make a user namespace" in result.stdout + result.stderr
    assert "hint: run as root, or let an administrator allow user namespaces" in result.stdout + result.stderr


MOMENTS = 50
TOGETHER = 10  # moments in one test, so that each stays short
LATEST_MS = 400


def sysctls():
    """Those of our own network namespace."""
    values = {}
    for path in pathlib.Path("/proc/sys/net/ipv4").rglob("*"):
        try:
            values[path] = path.read_text() if path.is_file() else ""
        except OSError:  # write-only
            values[path] = ""
    return values


@pytest.mark.parametrize("first", range(0, MOMENTS, TOGETHER))
def test_nothing_is_left_whenever_it_is_killed(leftovers, tmp_path, write_scenario, first):
    write_scenario(LONG, "killed/long")
    folder = write_scenario(CLOSE.read_text(), "killed/close").parent
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    before = sysctls()
    moments = random.Random(1).sample(range(LATEST_MS + 1), MOMENTS)[first:first + TOGETHER]
    for moment in moments:
        process = subprocess.Popen([PROGRAM, "run", folder, "-j", "2", "--evidence", tmp_path / "evidence"],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                   env={**os.environ, "TMPDIR": str(temporary)})
        with pytest.raises(subprocess.TimeoutExpired):  # the long wait does not end before
            process.wait(timeout=moment / 1000)
        process.kill()
        process.wait()
        assert leftovers.wait_until_none(within=SOON) == [], f"killed after {moment} ms"
    assert sysctls() == before
    assert not any(temporary.iterdir())
    assert [path.name for path in (tmp_path / "evidence").rglob("*.partial")] == []
    for path in (tmp_path / "evidence").rglob("*.json"):
        json.loads(path.read_text())  # whole or not there


KEPT = re.compile(r"^  (\w+) +(nsenter .*)\n +ends with: (kill -9 \d+)$", re.MULTILINE)


def enter_and_end(kept, leftovers, before=()):
    """Does with the kept hosts what was printed."""
    assert leftovers.lines() != []
    for name, enter, _ in kept:
        look = [*before, *enter.split(), "sh", "-c", "cat /proc/net/fib_trie"]
        inside = subprocess.run(look, capture_output=True, text=True, check=False, timeout=SOON)
        assert inside.returncode == 0, inside.stderr
        assert {"client": "10.77.0.1", "server": "10.77.0.2"}[name] in inside.stdout
    for _, _, end in kept:
        subprocess.run([*before, *end.split()], check=True)
    assert leftovers.wait_until_none() == []


KEEP = ["--set", "family=v4", "--keep", "--evidence"]


def run_and_keep(command, tmp_path, **options):
    """The kept hosts and peers hold on to stderr, as they would to a terminal: to a file here."""
    with open(tmp_path / "stderr", "w", encoding="utf-8") as stderr:
        result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=stderr, text=True,
                                check=False, timeout=SOON, **options)
    assert result.returncode == 0, result.stdout
    kept = KEPT.findall(result.stdout)
    assert [name for name, _, _ in kept] == ["client", "server"]
    return kept


def test_kept_hosts_can_be_entered_and_ended(leftovers, evidence, tmp_path):
    enter_and_end(run_and_keep([PROGRAM, "run", CLOSE, *KEEP, evidence], tmp_path), leftovers)


@as_root
def test_hosts_kept_by_an_ordinary_user_can_be_entered_and_ended(ordinary_user, leftovers, tmp_path):
    command = [*AS_NOBODY, ordinary_user.folder / "lastack", "run", "scenarios/normal/active-close-client.yaml"]
    kept = run_and_keep([*command, *KEEP, "own"], tmp_path, cwd=ordinary_user.folder)
    enter_and_end(kept, leftovers, before=AS_NOBODY)
