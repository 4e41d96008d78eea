"""`lastack claims`: each claim with the verdict that the runs of its scenarios give it."""

import pathlib
import re

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
CLAIMS = """claims:
  - {id: free, claim: Without a listener the port is free., source: test}
  - {id: busy, claim: Without a listener the port is busy., source: test}
  - {id: option, claim: An option is needed., source: test}
  - {id: elsewhere, claim: Another system does it as well., source: test, documented: there is no other system here}
  - {id: open, claim: Nobody has looked., source: test}
  - {id: broken, claim: A failing scenario proves this., source: test}
  - {id: late, claim: It takes a minute., source: test}
"""
FREE = """scenario: 1
title: The port is free
claims:
  - {id: free, shows: confirms}
  - {id: busy, shows: refutes}
  - {id: option, shows: refutes, when: nothing holds the port}
steps:
  - rebind: {host: server}
"""
HELD = """scenario: 1
title: The port is held
claims: [{id: option, shows: confirms, when: a listener holds the port}]
steps:
  - server: {listen: {options: [SO_REUSEPORT]}}
  - rebind: {host: server, expect: EADDRINUSE}
  - rebind: {host: server, options: [SO_REUSEPORT]}
"""
FAILING = """scenario: 1
title: It is not so
claims: [{id: broken, shows: confirms}]
steps:
  - rebind: {host: server, expect: EADDRINUSE}
"""
SLOW = """scenario: 1
title: A long wait
labels: [slow]
claims: [{id: late, shows: confirms}]
steps:
  - wait: {for: 1min}
"""
SILENT = "scenario: 1\ntitle: It speaks of no claim\nsteps:\n  - client: connect\n"


@pytest.fixture
def folder(tmp_path):
    """folder({name: text}) -> a folder of claims.yaml and these scenarios."""

    def make(scenarios):
        path = tmp_path / "claimed"
        path.mkdir()
        for name, text in {"claims": CLAIMS, **scenarios}.items():
            (path / f"{name}.yaml").write_text(text)
        return path

    return make


def verdicts(output):
    """Claim -> (verdict, the lines below it)."""
    found = {}
    for line in output.splitlines()[:-1]:
        if line.startswith(" "):
            found[name][1].append(line.strip())
        else:
            verdict, name = line.split(":")[0].split()
            found[name] = (verdict, [])
    return found


def test_every_verdict(lastack, folder, evidence):
    path = folder({"free": FREE, "held": HELD, "slow": SLOW, "silent": SILENT})
    result = lastack("claims", path, "--exclude-label", "slow", "--evidence", evidence)
    assert result.returncode == 0, result.stdout + result.stderr
    assert verdicts(result.stdout) == {
        "free": ("confirmed", ["confirmed by claimed/free"]),
        "busy": ("refuted", ["refuted by claimed/free"]),
        "option": ("depends", ["confirmed by claimed/held", "when a listener holds the port",
                               "refuted by claimed/free", "when nothing holds the port"]),
        "elsewhere": ("documented", ["there is no other system here"]),
        "open": ("unproved", []),
        "broken": ("unproved", []),
        "late": ("unproved", []),
    }
    assert result.stdout.endswith("7 claims; runs: 2 passed, 0 failed, 0 skipped\n")
    assert sorted(found.name for found in (evidence / "claimed").iterdir()) == ["free", "held"]


def test_scenario_that_fails_proves_nothing(lastack, folder, evidence):
    result = lastack("claims", folder({"failing": FAILING}), "--evidence", evidence)
    assert result.returncode == 1
    assert verdicts(result.stdout)["broken"] == ("unproved", ["did not pass here: claimed/failing"])


def test_unknown_claim_is_refused_with_its_place(lastack, folder, evidence):
    path = folder({"free": FREE.replace("id: busy", "id: bussy")})
    result = lastack("claims", path, "--evidence", evidence)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith(f"{path}/free.yaml:5:10: unknown claim 'bussy'; did you mean 'busy'?\n")
    assert not any(evidence.iterdir())


def test_folder_without_claims_is_refused(lastack, tmp_path):
    result = lastack("claims", tmp_path)
    assert (result.returncode, result.stdout) == (2, "")
    assert f"{tmp_path}/claims.yaml" in result.stderr


def rows(page):
    """Claim -> (verdict, scenarios, why) of the table in a page."""
    cells = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("| ")]
    return {row[0]: tuple(row[2:]) for row in cells[1:]}


def test_markdown(lastack, folder, evidence):
    path = folder({"free": FREE, "held": HELD, "slow": SLOW, "broken": FAILING})
    result = lastack("claims", path, "--markdown", "--exclude-label", "slow", "--evidence", evidence)
    assert result.returncode == 1  # one does not pass
    assert re.search(r"^`lastack claims --markdown --exclude-label slow` on \d{4}-\d\d-\d\d, Linux \d", result.stdout, re.M)
    found = rows(result.stdout)
    assert list(found) == ["free", "busy", "option", "elsewhere", "open", "broken", "late"]
    assert found["free"] == ("confirmed", "`claimed/free`", "The port is free")
    assert found["option"] == ("depends", "`claimed/free`, `claimed/held`",
                               "confirmed: when a listener holds the port. Refuted: when nothing holds the port")
    assert found["elsewhere"] == ("documented", "", "there is no other system here")
    assert found["open"] == ("unproved", "", "no scenario of this run speaks of it")
    assert found["broken"] == ("unproved", "", "its scenarios did not pass here")


def claims_of_the_catalogue():
    return yaml.safe_load((ROOT / "scenarios/claims.yaml").read_text())["claims"]


def test_page_has_every_claim_in_order():
    assert list(rows((ROOT / "docs/claims.md").read_text())) == [claim["id"] for claim in claims_of_the_catalogue()]


def test_every_claim_has_a_scenario_or_says_why_not():
    named = {claim["id"] for path in (ROOT / "scenarios").glob("*/*.yaml")
             for claim in yaml.safe_load(path.read_text()).get("claims") or []}
    silent = [claim["id"] for claim in claims_of_the_catalogue() if claim["id"] not in named and "documented" not in claim]
    assert silent == []
