"""`lastack watch` on this machine's own loopback: what it tells of connections that come and go, and how it ends."""

import json
import os
import select
import signal
import socket
import struct
import subprocess
import time

import pytest
from conftest import PROGRAM

SECONDS = 30
ABORT = struct.pack("ii", 1, 0)  # of SO_LINGER: close() sends a RST


class Watcher:
    """A running `lastack watch` and the lines that it has printed."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen([PROGRAM, "watch", *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, bufsize=0)
        self._text = b""

    def has_begun(self):
        """False if it ended without a line."""
        assert select.select([self.process.stdout], [], [], SECONDS)[0], f"no line within {SECONDS} s"
        self._text += os.read(self.process.stdout.fileno(), 65536)
        return self._text != b""

    def wait_for(self, condition):
        """All whole lines, as soon as they meet the condition."""
        deadline = time.monotonic() + SECONDS
        while True:
            lines = self._text.decode().split("\n")[:-1]
            if condition(lines):
                return lines
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                raise AssertionError("not within {} s; printed so far:\n{}".format(SECONDS, "\n".join(lines)))
            more = os.read(self.process.stdout.fileno(), 65536)
            if not more:
                raise AssertionError(f"it ended: {self.process.communicate()[1].decode()}")
            self._text += more

    def wait_for_json(self, condition):
        return [json.loads(line) for line in self.wait_for(lambda lines: condition([json.loads(line) for line in lines]))]

    def end(self, signal_number=signal.SIGINT):
        """(exit code, what it wrote to stderr)."""
        self.process.send_signal(signal_number)
        _, errors = self.process.communicate(timeout=SECONDS)
        return self.process.returncode, errors.decode()


@pytest.fixture
def watch():
    """watch(argument, …) -> a Watcher that already watches."""
    watchers = []

    def start(*arguments):
        watcher = Watcher(*arguments)
        watchers.append(watcher)
        if not watcher.has_begun():
            errors = watcher.process.communicate(timeout=SECONDS)[1].decode()
            if "BPF" in errors or "libbpf" in errors or "types" in errors:
                pytest.skip(f"BPF is not possible here: {errors.splitlines()[0]}")
            pytest.fail(errors)
        return watcher

    yield start
    for watcher in watchers:
        if watcher.process.poll() is None:
            watcher.process.kill()
        watcher.process.communicate()


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


def connect(listener):
    client = socket.create_connection(listener.getsockname())
    return client, listener.accept()[0]


def close_in_order(first, second):
    first.close()
    assert second.recv(1) == b""
    second.close()


def of_socket(changes, local):
    return [change for change in changes if change.get("local") == local]


def transitions(changes, local):
    return [(change["from"], change["to"]) for change in of_socket(changes, local) if change["kind"] == "state"]


def name(address):
    return f"{address[0]}:{address[1]}"


def test_an_orderly_close_is_told_until_time_wait(watch, listener):
    port = listener.getsockname()[1]
    watcher = watch(port, "--json")
    client, server = connect(listener)
    local, remote = name(client.getsockname()), name(listener.getsockname())
    close_in_order(client, server)
    changes = watcher.wait_for_json(lambda seen: any(change.get("to") == "TIME-WAIT" for change in seen)
                                    and any(change.get("from") == "LAST-ACK" for change in seen))
    assert changes[0] == {"kind": "watching", "port": port, "sockets": 1, "blind_spots": changes[0]["blind_spots"]}
    active = [change for change in changes if change.get("to") == "SYN-SENT"]
    assert [change["pid"] for change in active] == [os.getpid()]
    assert active[0]["remote"] == remote
    ours = [change for change in changes if change.get("cookie") == active[0]["cookie"]]
    assert [(change["from"], change["to"]) for change in ours] == [
        ("CLOSED", "SYN-SENT"), ("SYN-SENT", "ESTABLISHED"), ("ESTABLISHED", "FIN-WAIT-1"), ("FIN-WAIT-1", "FIN-WAIT-2"),
        ("FIN-WAIT-2", "TIME-WAIT")]
    assert ours[-1]["local"] == local
    assert 59e9 < ours[-1]["left_ns"] <= 61e9
    assert ours[2]["age_ns"] == ours[2]["t_ns"] - ours[1]["t_ns"]
    passive = [change for change in changes if change.get("local") == remote and change.get("remote") == local]
    assert [(change["from"], change["to"]) for change in passive][-3:] == [
        ("ESTABLISHED", "CLOSE-WAIT"), ("CLOSE-WAIT", "LAST-ACK"), ("LAST-ACK", "CLOSED")]
    assert passive[-1]["pid"] == os.getpid()  # who called close()
    assert "pid" not in passive[0]  # nobody has called anything yet


def test_what_was_there_has_a_state_and_no_age(watch, listener):
    client, server = connect(listener)
    local = name(client.getsockname())
    watcher = watch(client.getsockname()[1], "--json")
    close_in_order(client, server)
    changes = watcher.wait_for_json(lambda seen: any(change.get("to") == "TIME-WAIT" for change in seen))
    assert changes[0]["sockets"] == 2
    first = of_socket(changes, local)[0]
    assert (first["from"], first["to"], first["age_ns"]) == ("ESTABLISHED", "FIN-WAIT-1", None)


def test_a_reset_has_the_reason_of_the_kernel(watch, listener):
    watcher = watch(listener.getsockname()[1], "--json")
    client, server = connect(listener)
    address = listener.getsockname()
    local, remote = name(client.getsockname()), name(address)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
    client.close()
    with pytest.raises(ConnectionResetError):
        server.recv(1)
    server.close()
    listener.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address)
    changes = watcher.wait_for_json(lambda seen: any(change.get("from") == "SYN-SENT" and change["to"] == "CLOSED" for change in seen))
    if changes[0]["blind_spots"]:
        pytest.skip(f"this kernel does not show all: {changes[0]['blind_spots']}")
    assert ("ESTABLISHED", "CLOSED") in transitions(changes, local)
    aborted = [change for change in of_socket(changes, local) if change["kind"] == "rst_sent"]
    assert len(aborted) == 1
    assert aborted[0]["reason"]
    received = [change for change in changes if change["kind"] == "rst_received" and change["remote"] == local]
    assert [(change["local"], change["state"]) for change in received] == [(remote, "ESTABLISHED")]
    refused = [change for change in changes if change["kind"] == "rst_sent" and change["cookie"] == 0]
    assert [(change["local"], change["reason"]) for change in refused] == [(remote, "NO_SOCKET")]
    assert "state" not in refused[0]


def test_time_wait_that_a_new_connection_takes_over(watch, listener):
    watcher = watch(listener.getsockname()[1], "--json")
    client, server = connect(listener)
    at = client.getsockname()
    close_in_order(server, client)
    watcher.wait_for(lambda lines: any('"TIME-WAIT"' in line for line in lines))
    with socket.socket() as again:
        again.settimeout(SECONDS)
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind(at)
        again.connect(listener.getsockname())
        changes = watcher.wait_for_json(lambda seen: any(change.get("end") for change in seen))
    end = next(change for change in changes if change.get("end"))
    assert (end["from"], end["to"], end["end"]) == ("TIME-WAIT", "CLOSED", "taken_off")
    assert 0 < end["age_ns"] < SECONDS * 1e9
    assert 30e9 < end["left_ns"] < 60e9


def test_lines_for_people_and_nothing_of_other_ports(watch, listener):
    with socket.create_server(("127.0.0.1", 0)) as other:
        watcher = watch(listener.getsockname()[1])
        close_in_order(*connect(other))
        client, server = connect(listener)
        local = name(client.getsockname())
        close_in_order(client, server)
        lines = watcher.wait_for(lambda seen: any("→ TIME-WAIT" in line for line in seen))
        assert lines[0].split() == ["TIME", "PROCESS", "LOCAL", "REMOTE", "WHAT"]
        time_wait = next(line for line in lines if "→ TIME-WAIT" in line)
        assert local in time_wait and " left" in time_wait and f"/{os.getpid()} " in time_wait
        assert not [line for line in lines if f":{other.getsockname()[1]} " in line]
        assert all(character not in "".join(lines) for character in "\x1b\r")


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_with_the_signal_and_leaves_nothing(watch, listener, leftovers, signal_number):
    watcher = watch(listener.getsockname()[1])
    code, errors = watcher.end(signal_number)
    assert code == 128 + signal_number
    assert errors == f"watching TCP port {listener.getsockname()[1]}; sockets there: 1; Ctrl-C ends\n"
    assert leftovers.wait_until_none() == []


def test_it_ends_when_nobody_reads_it(watch, listener):
    watcher = watch(listener.getsockname()[1], "--json")
    watcher.process.stdout.close()
    close_in_order(*connect(listener))
    watcher.process.stdout = None
    assert watcher.process.wait(timeout=SECONDS) == 0
    assert watcher.process.stderr.read() == b""


@pytest.mark.parametrize("port", ["http", "0", "65536", "-1", "80,443"])
def test_a_port_that_is_none_is_refused(lastack, port):
    result = lastack("watch", port)
    assert (result.returncode, result.stdout) == (2, "")
    assert port.strip("-") in result.stderr


def test_without_permission_it_says_what_is_missing(lastack, with_one_user):
    result = lastack("watch", prefix=with_one_user)
    assert (result.returncode, result.stdout) == (3, "")
    assert "BPF" in result.stderr
    assert "hint: " in result.stderr
