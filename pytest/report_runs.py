"""The runs whose page the tests of reports look at, made once."""

import pathlib
import subprocess

import pytest

from conftest import PROGRAM, ROOT

WRONG = pathlib.Path(__file__).parent / "scenarios" / "wrong"
CASES = [ROOT / "scenarios/normal/active-close-client.yaml", ROOT / "scenarios/normal/half-close-client.yaml",
         ROOT / "scenarios/loss/last-ack-lost.yaml", WRONG / "states-server.yaml", WRONG / "segments-missing.yaml"]
HOSTILE = """\
scenario: 1
title: '</title><script>document.title = "owned"</script>'
about: '<img src=x onerror="document.title = 1">'
claims: [{id: in-use, shows: confirms, when: '<i>'}]
steps:
  - server: listen
  - client: {connect: {as: c}}
  - server: {accept: {as: s}}
  - wait: {state: {s: CLOSE-WAIT}, within: 50ms}   # fails: an open page
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A folder with the evidence of some runs, made once, and the page that the run wrote."""
    folder = tmp_path_factory.mktemp("report")
    hostile = folder / "hostile" / "a&b 'c'.yaml"
    hostile.parent.mkdir()
    hostile.write_text(HOSTILE)
    subprocess.run([PROGRAM, "run", *CASES, hostile, "--filter", "normal/*.v4", "--filter", "loss/*.v4.once", "--filter", "wrong/*",
                    "--filter", "hostile/*", "--evidence", folder / "evidence", "--html", folder / "run.html"],
                   stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False, cwd=ROOT)
    assert (folder / "run.html").exists()
    return folder


@pytest.fixture(scope="module")
def suite_page(runs):
    return runs / "run.html"
