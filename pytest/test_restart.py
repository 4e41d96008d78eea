"""`lastack rebind -- SERVER`: servers of every kind die and are started again."""

import json
import os
import pathlib
import shutil
import signal
import stat
import subprocess
import tempfile
import time

import pytest
from conftest import PROGRAM

pytest_plugins = ["lastack_restart"]

PYTHON = "/usr/bin/python3"
SERVERS = pathlib.Path(__file__).resolve().parent / "servers"
CLASSIC = [PYTHON, SERVERS / "classic.py"]
PORT = 7000
LONG = "20s"  # for what comes back in a moment on an idle machine
FAILS = "2s"  # for what does not come back at all
FAILS_TOLD = "5s"  # likewise, where a start must have had the time to fail, on a busy machine too
BY_ITSELF = ["--port", 20000, "--signal", "none", "--connections", 1]
NETCAT = [*BY_ITSELF, "--client", "nc {address} {port} </dev/null"]
SO_REUSEADDR = "its listener has no SO_REUSEADDR"


@pytest.fixture
def rebind(lastack):
    """rebind(option, …, server=[…], code=0) -> the document, after a run that exits with that code."""

    def run(*options, server, code=0, **arguments):
        result = lastack("rebind", *options, "--json", "-", "--", *server, **arguments)
        assert result.returncode == code, result.stdout + result.stderr
        return json.loads(result.stdout)

    return run


@pytest.fixture
def refused(lastack):
    """refused(option, …, server=[…], code=3) -> what is printed when a server cannot be measured."""

    def run(*options, server, code=3, **arguments):
        result = lastack("rebind", *options, "--", *server, **arguments)
        assert (result.returncode, result.stdout) == (code, ""), result.stdout + result.stderr
        return result.stderr

    return run


def server(*habits, port=PORT):
    return [PYTHON, SERVERS / "server.py", port, *habits]


def states(groups):
    return {group["state"]: group["count"] for group in groups}


# ---- the classic


needs_netcat = pytest.mark.skipif(not shutil.which("nc"), reason="needs netcat (netcat-openbsd)")


@pytest.mark.parametrize("clients", [pytest.param(NETCAT, marks=needs_netcat), [*BY_ITSELF, "--clients", "close"]],
                         ids=["netcat", "own"])
def test_classic_server_cannot_come_back_for_a_minute(rebind, clients):
    seen = rebind(*clients, "--within", FAILS_TOLD, server=CLASSIC, code=1)
    sentence = seen["diagnosis"]["sentence"]
    assert sentence.startswith("cannot come back for up to ")
    assert sentence.endswith(f"{SO_REUSEADDR} and 1 connection is in TIME-WAIT; set SO_REUSEADDR before bind")
    assert 50e9 < seen["diagnosis"]["still_ns"] <= 60e9
    assert seen["death"]["how"] == "exit code 0"
    assert states(seen["left_at_end"]) == {"TIME-WAIT": 1}
    assert (seen["clients"]["open"], seen["clients"]["accepted"]) == (1, 1)
    failed = [start for start in seen["starts"] if start["how"]]
    assert failed and all(start["how"] == "exit code 1" and "Address already in use" in start["output"] for start in failed)


@needs_netcat
def test_classic_server_with_the_option_starts_at_once(rebind):
    seen = rebind(*NETCAT, "--within", LONG, server=[*CLASSIC, "reuse"])
    assert (seen["served"], seen["in_time"], seen["start_count"]) == (True, True, 1)
    assert seen["listeners"][0]["options"]["SO_REUSEADDR"] is True
    assert states(seen["left"]) == {"TIME-WAIT": 1}
    assert seen["diagnosis"]["cause"] == "back"


# ---- how it listens, dies and comes back


def test_what_is_seen_of_a_server_that_is_back(rebind):
    seen = rebind("--port", PORT, "--within", LONG, server=server())
    assert seen["schema"] == "lastack.restart/1"
    assert (seen["clients"]["asked"], seen["clients"]["open"], seen["clients"]["accepted"]) == (100, 100, 100)
    assert seen["accepted_options"] == {"read": 100, "SO_REUSEADDR": 100, "SO_REUSEPORT": 0, "linger_zero": 0}
    assert seen["death"]["how"] == "signal KILL"
    assert states(seen["left"]) == {"FIN-WAIT-2": 100}
    assert seen["clients"]["end_of_file"] == 100
    steps = seen["breakdown_ns"]
    assert 0 < steps["listening"] <= steps["connected"] <= steps["accepted"] == steps["served"] == seen["downtime_ns"]
    assert seen["diagnosis"]["sentence"].startswith("back in ")
    assert "its sockets have SO_REUSEADDR, so 100 connections in FIN-WAIT-2 did not keep the port" in seen["diagnosis"]["sentence"]


@pytest.mark.parametrize(("habit", "target", "options"), [
    ("v6", ["fd77::2", PORT], []), ("dual", ["10.77.0.2", PORT], []), ("dual", ["fd77::2", PORT], ["--family", "v6"]),
    ("loopback", ["127.0.0.1", PORT], [])])
def test_it_is_found_where_it_listens(rebind, habit, target, options):
    seen = rebind("--port", PORT, "--connections", 3, "--within", LONG, *options, server=server(habit))
    assert (seen["target"], seen["clients"]["accepted"], seen["served"]) == (target, 3, True)


@pytest.mark.parametrize("habit", ["v6", "dual"])
def test_v6_servers_without_the_option_do_not_come_back(rebind, habit):
    seen = rebind("--port", PORT, "--connections", 3, "--clients", "close", "--within", FAILS,
                  server=server(habit, "plain"), code=1)
    assert f"{SO_REUSEADDR} and 3 connections are in TIME-WAIT" in seen["diagnosis"]["sentence"]
    assert seen["bind"] == {"plain": "EADDRINUSE", "reuseaddr": "EADDRINUSE"}


def test_workers_that_outlive_the_main_process_keep_the_port(rebind):
    seen = rebind("--port", PORT, "--within", FAILS, server=server("fork"), code=1)
    assert len(seen["survivors_with_listener"]) == 3
    assert "3 processes outlived its main process and still hold the listener" in seen["diagnosis"]["sentence"]
    assert seen["diagnosis"]["cause"] == "survivors"


def test_all_processes_can_be_killed(rebind):
    seen = rebind("--port", PORT, "--signal-all", "--within", LONG, server=server("fork"))
    assert (seen["survivors"], seen["served"]) == ([], True)


def test_server_in_the_background(rebind, tmp_path):
    environment = {"PIDFILE": str(tmp_path / "pid")}
    options = ["--port", PORT, "--pidfile", tmp_path / "pid"]
    seen = rebind(*options, "--within", LONG, server=server("daemon"), env=environment)
    assert seen["served"] and seen["clients"]["accepted"] == 100
    seen = rebind(*options, "--within", FAILS_TOLD, server=server("daemon", "plain"), env=environment, code=1)
    assert SO_REUSEADDR in seen["diagnosis"]["sentence"]
    assert any("Address already in use" in start["output"] for start in seen["starts"])


def test_slow_starter_is_late_or_in_time(rebind):
    seen = rebind("--port", PORT, "--within", "500ms", server=server("slow"), code=1)
    assert (seen["diagnosis"]["cause"], seen["start_count"], seen["served"]) == ("not-listening", 1, False)
    seen = rebind("--port", PORT, "--within", "500ms", "--until-served", server=server("slow"), code=1)
    assert (seen["diagnosis"]["cause"], seen["in_time"], seen["served"]) == ("late", False, True)
    assert seen["downtime_ns"] >= 1e9


def test_server_that_tries_bind_again_itself(rebind):
    seen = rebind("--port", PORT, "--within", "500ms", server=server("plain", "retry"), code=1)
    assert (seen["diagnosis"]["cause"], seen["start_count"]) == ("leftovers", 1)


def test_reason_of_its_own_is_not_blamed_on_the_port(rebind, tmp_path):
    seen = rebind("--port", PORT, "--connections", 0, "--within", FAILS_TOLD, server=server("fails-later"), code=1,
                  env={"FLAG": str(tmp_path / "flag")})
    assert seen["diagnosis"]["cause"] == "own-reason"
    assert '"lock file exists"' in seen["diagnosis"]["sentence"]


def test_ready_when_it_answers_http_or_prints_a_line(rebind):
    seen = rebind("--port", PORT, "--ready", "http:/", "--within", LONG, server=server("http"))
    assert seen["breakdown_ns"]["answered"] >= seen["breakdown_ns"]["connected"]
    seen = rebind("--port", PORT, "--ready", "line:now serving", "--within", LONG, server=server())
    assert seen["breakdown_ns"]["answered"] > 0


def test_request_in_flight_and_clients_that_connect_again(rebind, tmp_path):
    request = tmp_path / "request"
    request.write_bytes(b"hello")
    seen = rebind("--port", PORT, "--request", request, "--clients", "reconnect", "--within", LONG, server=server("echo"))
    assert seen["breakdown_ns"]["answered"] == seen["breakdown_ns"]["served"]
    # More where some came back into the accept queue of the dying server, and were reset.
    assert seen["clients"]["end_of_file"] + seen["clients"]["reset"] >= 100
    assert seen["clients"]["refused"] > 0


def test_evidence_is_kept(lastack, tmp_path):
    folder = tmp_path / "deep" / "evidence"
    result = lastack("rebind", "--port", PORT, "--connections", 2, "--within", LONG, "--evidence", folder, "--", *server())
    assert result.returncode == 0, result.stderr
    assert f"evidence  {folder}\n" in result.stdout
    assert sorted(path.name for path in folder.iterdir()) == ["client.pcapng", "events.jsonl", "restart.json", "server.pcapng"]
    assert json.loads((folder / "restart.json").read_text())["served"] is True
    sampled = [event for line in (folder / "events.jsonl").read_text().splitlines()
               if (event := json.loads(line))["kind"] == "kernel_sampled"]
    assert [event["step"] for event in sampled] == [0, 1, 2]
    assert [sample["state"] for sample in sampled[0]["samples"]].count("ESTABLISHED") == 2
    tshark = subprocess.run(["tshark", "-r", folder / "server.pcapng", "-Y", "tcp.flags.fin == 1 && tcp.srcport == 7000"],
                            capture_output=True, text=True, check=True)
    assert len(tshark.stdout.splitlines()) == 2


# ---- what cannot be measured


def test_server_that_exits_at_once(refused):
    error = refused("--port", PORT, server=server("exits"))
    assert "ended with exit code 1 before it listened on port 7000" in error
    assert "no configuration found" in error


def test_server_that_is_never_ready(refused):
    error = refused("--port", PORT, "--ready-within", "1s", server=server("never"))
    assert "does not listen after 1.00 s" in error and "still thinking" in error
    error = refused("--port", PORT, "--ready-within", "2s", "--ready", "line:never said", server=server())
    assert "was not ready within 2.00 s (--ready line:never said)" in error and "now serving" in error


def test_server_on_another_port(refused):
    error = refused("--port", 8080, "--ready-within", "2s", server=server())
    assert "on port 8080 after 2.00 s: it listens on 0.0.0.0:7000" in error


def test_server_that_ignores_sigterm(refused):
    error = refused("--port", PORT, "--signal", "TERM", "--stop-within", "1s", server=server("ignore"))
    assert "still runs 1.00 s after SIGTERM (it still listens and has 100 connections)" in error
    assert "now serving" in error


def test_server_that_does_not_end_by_itself(refused):
    error = refused("--port", PORT, "--signal", "none", "--stop-within", "500ms", server=server())
    assert "has not ended by itself within 500.0 ms" in error


def test_background_without_pid_file(refused, tmp_path):
    error = refused("--port", PORT, server=server("daemon"), env={"PIDFILE": str(tmp_path / "pid")})
    assert "hint: it seems to go into the background: --pidfile" in error


def test_no_such_program(refused):
    assert "cannot execute /no/such/server: No such file" in refused("--port", PORT, server=["/no/such/server"])


@pytest.mark.parametrize(("options", "says"), [
    (["--port", "7000", "--"], "there is no server to start"),
    (["--", "/bin/true"], "--port is missing"),
    (["--port", "7000", "--signal", "KILLED", "--", "/bin/true"], "there is no such signal"),
    (["--port", "7000", "--within", "1", "--", "/bin/true"], "--within 1: not a duration with a unit"),
    (["--port", "7000", "--ready", "http:health", "--", "/bin/true"], "--ready http:health: not one of"),
    (["--port", "7000", "--request", "/no/such/file", "--", "/bin/true"], "--request: "),
    (["--port", "7000", "--address", "localhost", "--", "/bin/true"], "--address localhost: not a numeric address"),
    (["--port", "7000", "--address", "::1", "--family", "v4", "--", "/bin/true"], "of the other family"),
    (["--port", "70000", "--", "/bin/true"], "--port"),
])
def test_wrong_usage(lastack, options, says):
    result = lastack("rebind", *options)
    assert (result.returncode, result.stdout) == (2, "")
    assert says in result.stderr


# ---- who runs it, and how it ends


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become another user")
def test_server_runs_as_the_chosen_user(rebind, tmp_path):
    seen = rebind("--port", PORT, "--user", "nobody", "--ready", "line:uid 65534", "--within", LONG, "--connections", 1,
                  server=[PYTHON, "-c", "import os, socket, time; print('uid', os.getuid(), flush=True);"
                          f" s = socket.create_server(('', {PORT})); s.accept(); time.sleep(600)"])
    assert seen["served"]


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become an ordinary user")
def test_ordinary_user():
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        for program in ("lastack", "lastack-host", "lastack-wire", "lastack-peer"):
            copy = pathlib.Path(folder) / program
            shutil.copy(pathlib.Path(PROGRAM).parent / program, copy)
            copy.chmod(copy.stat().st_mode | stat.S_IROTH | stat.S_IXOTH)
        script = shutil.copy(SERVERS / "server.py", folder)
        result = subprocess.run(
            ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", f"{folder}/lastack", "rebind", "--port",
             str(PORT), "--within", LONG, "--json", "-", "--", PYTHON, script, str(PORT)],
            capture_output=True, text=True, timeout=60, check=False, cwd="/")
    if result.returncode == 3 and "namespace" in result.stderr:
        pytest.skip(result.stderr.strip())
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["listeners"][0]["options"]["SO_REUSEADDR"] is True


def test_server_reaches_nothing_outside_its_host(rebind):
    code = ("import os, socket; s = socket.create_server(('', 7000)); "
            "print(sorted(name for _, name in socket.if_nameindex()), flush=True); c, _ = s.accept(); import time; time.sleep(600)")
    seen = rebind("--port", PORT, "--connections", 1, "--ready", "line:['eth0', 'lo']", "--within", LONG,
                  server=[PYTHON, "-c", code])
    assert seen["served"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_when_lastack_is_killed(leftovers, number):
    with subprocess.Popen([PROGRAM, "rebind", "--port", str(PORT), "--signal", "none", "--stop-within", "100s", "--",
                           *map(str, server("fork"))], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as run:
        deadline = time.monotonic() + 20
        while sum("server.py" in line for line in leftovers.processes().values()) < 5:  # lastack's own line has it, too
            assert time.monotonic() < deadline, leftovers.lines()
            time.sleep(0.01)
        run.send_signal(number)
        run.communicate(timeout=20)
    assert run.returncode == (-number if number == signal.SIGKILL else 128 + number)
    # That nothing is left is what every test's fixture asserts.


# ---- the fixture


def test_fixture_measures(restart_downtime):
    downtime = restart_downtime(server(), port=PORT, connections=5, within=20)
    assert 0 < downtime < 20 and downtime.in_time
    assert downtime.document["clients"]["accepted"] == 5


def test_fixture_tells_why_not(restart_downtime):
    downtime = restart_downtime(server("plain"), port=PORT, connections=5, clients="close", within=0.5)
    assert not downtime < 1000 and not downtime.in_time
    assert f"{SO_REUSEADDR} and 5 connections are in TIME-WAIT" in repr(downtime)


def test_fixture_fails_where_nothing_can_be_measured(restart_downtime):
    with pytest.raises(pytest.fail.Exception, match="ended with exit code 1 before it listened"):
        restart_downtime(" ".join(map(str, server("exits"))), port=PORT)
