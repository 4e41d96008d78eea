"""The watch over leftovers finds what it is for: a test of the fixture in conftest.py."""

import os
import subprocess

DAEMON = "setsid sleep 30 >/dev/null 2>&1 </dev/null & exit 0"


def test_daemon_that_left_our_process_tree_is_found(leftovers):
    subprocess.run(["/bin/sh", "-c", DAEMON], check=True)
    lines = leftovers.wait_until_none(within=0.1)
    assert len(lines) == 1 and "sleep 30" in lines[0]
    leftovers.end_processes()
    assert leftovers.wait_until_none() == []


def test_child_without_the_marker_is_found(leftovers):
    with subprocess.Popen(["/bin/sleep", "30"], env={}) as child:
        assert any(f"process {child.pid} " in line for line in leftovers.lines())
        child.kill()


def test_processes_of_another_test_are_not_ours(leftovers):
    other = {**os.environ, "LASTACK_TEST_ID": "another"}
    started = subprocess.run(["/bin/sh", "-c", "setsid sleep 30 >/dev/null 2>&1 </dev/null & echo $!"],
                             env=other, check=True, capture_output=True, text=True)
    try:
        assert leftovers.wait_until_none() == []
    finally:
        os.kill(int(started.stdout), 9)
