"""Fixtures for the tests that run whole programs: how to run lastack, where to write, and that nothing is left behind.

The program is $LASTACK, or build/dev/bin/lastack.
"""

import os
import pathlib
import signal
import socket
import subprocess
import time
import uuid

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = os.environ.get("LASTACK", str(ROOT / "build/dev/bin/lastack"))

# What a test starts inherits this variable, so that it is found again even where it daemonised; and tests that run
# at the same time in other pytest workers do not mistake it for theirs.
MARKER = "LASTACK_TEST_ID"
GONE_WITHIN_SECONDS = 3.0
POLL_SECONDS = 0.02


@pytest.fixture
def lastack():
    """Runs the program: lastack("run", path, …) -> CompletedProcess with stdout and stderr as text. `prefix` starts it."""
    if not os.access(PROGRAM, os.X_OK):
        pytest.fail(f"no program {PROGRAM}: build it, or set LASTACK", pytrace=False)

    def run(*arguments, timeout=60, env=None, cwd=ROOT, stdin=subprocess.DEVNULL, prefix=()):
        return subprocess.run([*prefix, PROGRAM, *map(str, arguments)], stdin=stdin, capture_output=True, text=True,
                              timeout=timeout, env={**os.environ, **(env or {})}, cwd=cwd, check=False)

    return run


@pytest.fixture
def with_one_user():
    """What starts a program in a user namespace with one user, where `needs: [two-users]` is not met."""
    prefix = ["unshare", "--user", "--map-root-user"]
    if subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("user namespaces are not allowed here")
    return prefix


@pytest.fixture
def evidence(tmp_path):
    """An empty folder for `--evidence`."""
    folder = tmp_path / "evidence"
    folder.mkdir()
    return folder


@pytest.fixture
def write_scenario(tmp_path):
    """write_scenario(text) -> path of a scenario file of that text; its id is `name`."""

    def write(text, name="test/scenario"):
        path = tmp_path / "scenarios" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    return write


def _read(path):
    """A file's bytes; none where the process is gone or not ours to look at."""
    try:
        return pathlib.Path(path).read_bytes()
    except OSError:
        return b""


def _parent_and_state(pid):
    fields = _read(f"/proc/{pid}/stat").rpartition(b")")[2].split()
    return (int(fields[1]), fields[0].decode()) if fields else (0, "X")


def _network_namespace(pid):
    try:
        return os.readlink(f"/proc/{pid}/ns/net")
    except OSError:
        return "?"


def _processes(marker):
    """The living processes that carry the marker or descend from this one: pid -> a line about it."""
    pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    facts = {pid: _parent_and_state(pid) for pid in pids}
    wanted = f"{MARKER}={marker}".encode()
    found = {}
    for pid in pids:
        if pid == os.getpid() or facts[pid][1] in "XZ":  # a zombie is its parent's to reap
            continue
        ancestor = facts[pid][0]
        while ancestor not in (0, os.getpid()):
            ancestor = facts.get(ancestor, (0, ""))[0]
        if ancestor == os.getpid() or wanted in _read(f"/proc/{pid}/environ").split(b"\0"):
            command = _read(f"/proc/{pid}/cmdline").replace(b"\0", b" ").decode(errors="replace").strip()
            found[pid] = f"process {pid} in {_network_namespace(pid)}: {command}"
    return found


def _interfaces():
    return {f"network interface {name}" for _, name in socket.if_nameindex()}


def _mounted_namespaces():
    """Namespaces that are held by a mount, as `ip netns add` does."""
    mounts = _read("/proc/self/mountinfo").decode(errors="replace").splitlines()
    return {f"namespace mounted at {line.split()[4]}" for line in mounts if " - nsfs " in line}


class Leftovers:
    """What is there now and was not when this object was made, and belongs to the test with this marker.

    A namespace lives as long as a process in it, a mount of it or a descriptor of it; all processes that could hold one are
    looked for.
    """

    def __init__(self, marker):
        self._marker = marker
        self._processes = set(_processes(marker))
        self._others = _interfaces() | _mounted_namespaces()

    def processes(self):
        return {pid: line for pid, line in _processes(self._marker).items() if pid not in self._processes}

    def lines(self):
        return [*self.processes().values(), *sorted((_interfaces() | _mounted_namespaces()) - self._others)]

    def wait_until_none(self, within=GONE_WITHIN_SECONDS):
        """What is still left at the end of that time, since tearing down is asynchronous; usually nothing."""
        deadline = time.monotonic() + within
        while (lines := self.lines()) and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
        return lines

    def end_processes(self):
        for pid in self.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass


@pytest.fixture(autouse=True)
def leftovers(monkeypatch):
    """Every test: no process, namespace or interface may be left when it is done."""
    marker = uuid.uuid4().hex
    monkeypatch.setenv(MARKER, marker)
    watch = Leftovers(marker)
    yield watch
    lines = watch.wait_until_none()
    watch.end_processes()
    assert not lines, "left behind:\n" + "\n".join(lines)
