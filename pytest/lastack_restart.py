"""A pytest fixture: how long until your server serves again after it died.

    pytest_plugins = ["lastack_restart"]

    def test_restart(restart_downtime):
        assert restart_downtime(["./server", "--port", "8080"], port=8080) < 0.5

It runs `lastack rebind`, which docs/restart.md describes: $LASTACK, or the one in PATH.
"""

import json
import math
import os
import shlex
import shutil
import subprocess

import pytest

NOT_MEASURED_SECONDS = 60  # what lastack may take beside the times it is given


class Downtime(float):
    """Seconds from the death until a client was served; infinite if none was.

    in_time: within the time that was asked for. diagnosis: the sentence. document: all that was seen, as lastack.restart/1.
    """

    def __new__(cls, document):
        downtime = super().__new__(cls, document["downtime_ns"] / 1e9 if document["served"] else math.inf)
        downtime.document = document
        downtime.in_time = document["in_time"]
        downtime.diagnosis = document["diagnosis"]["sentence"]
        return downtime

    def __repr__(self):
        return f"<{float(self):.3g} s: {self.diagnosis}>"


def _options(settings):
    """Keyword arguments as options of the program: until_served=True → --until-served."""
    for name, value in settings.items():
        option = "--" + name.replace("_", "-")
        if value is True:
            yield option
        elif value is not None and value is not False:
            yield from (option, str(value))


def _seconds(value):
    return f"{value}s" if isinstance(value, (int, float)) else value


@pytest.fixture
def restart_downtime(tmp_path):
    """restart_downtime(cmd, port=8080, …) -> Downtime.

    cmd: the server's command line, a list or a string as for a shell. Other arguments are the options of `lastack rebind`:
    connections, signal, signal_all, clients, client, ready, within, until_served, pidfile, user, family, address, evidence,
    ready_within, stop_within; durations in seconds or as text ("500ms"); request: bytes that each client sends just before
    the death. Fails the test with lastack's own message if it cannot be measured.
    """

    def measure(cmd, port, *, within=1, ready_within=10, stop_within=10, request=None, **settings):
        program = os.environ.get("LASTACK") or shutil.which("lastack")
        if not program:
            pytest.fail("no program lastack: put it into PATH, or set LASTACK", pytrace=False)
        if request is not None:
            settings["request"] = tmp_path / "lastack-request"
            settings["request"].write_bytes(request)
        times = {"within": within, "ready_within": ready_within, "stop_within": stop_within}
        settings |= {name: _seconds(value) for name, value in times.items()}
        command = [program, "rebind", "--port", str(port), "--json", "-", *_options(settings), "--",
                   *(shlex.split(cmd) if isinstance(cmd, str) else map(str, cmd))]
        numbers = [value for value in times.values() if isinstance(value, (int, float))]
        most = 600 if settings.get("until_served") else sum(numbers) + NOT_MEASURED_SECONDS
        run = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=most, check=False)
        if run.returncode not in (0, 1):
            pytest.fail(run.stderr.strip() or f"{shlex.join(command)}: exit {run.returncode}", pytrace=False)
        return Downtime(json.loads(run.stdout))

    return measure
