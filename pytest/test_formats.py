"""JUnit, KTAP and GitHub as other programs read them: xml.etree, junitparser, Perl's TAP::Parser, GitHub's rules."""

import pathlib
import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree

import junit_rules
import pytest

CLOSE = "scenarios/normal/active-close-client.yaml"
WRONG = "scenario: 1\ntitle: {}\nsteps:\n  - client: connect\n"
GOOD = "scenario: 1\ntitle: A listener comes and goes\nsteps:\n  - server: listen\n"
SKIPPED = "scenario: 1\ntitle: Skipped\nneeds: [two-users]\nsteps:\n  - server: listen\n"
HOSTILE = """<&"'>]]> 100% #1 | `a` ,: -- 日本 \U0001F600 $(id) \\ [[ATTACHMENT|x]]"""


@pytest.fixture
def run(lastack, evidence):
    return lambda *arguments, **options: lastack("run", *arguments, "--evidence", evidence, **options)


@pytest.fixture
def junit(run, tmp_path):
    """junit(arguments) -> (the process, the parsed <testsuites>), checked against the rules of Jenkins' schema."""

    def read(*arguments, **options):
        path = tmp_path / "junit.xml"
        result = run(*arguments, "--junit", path, **options)
        root = ElementTree.parse(path).getroot()
        assert junit_rules.problems(root) == []
        return result, root

    return read


@pytest.mark.parametrize(("case", "problem"), [
    ('<testcase name="x"/>', []),
    ('<testcase classname="x"/>', ["<testcase> without name"]),
    ('<testcase name="x" time="1,5"/>', ["<testcase time='1,5'>"]),
    ('<testcase name="x" severity="1"/>', ["<testcase> has severity"]),
    ('<testcase name="x">text</testcase>', ["text in <testcase>"]),
    ('<testcase name="x"><failure>text</failure></testcase>', ["<failure> without message"]),
    ('<testcase name="x"><properties/></testcase>', ["<properties> in <testcase>"]),
])
def test_the_rules_refuse_what_the_schema_refuses(case, problem):
    suite = f'<testsuite name="s" tests="1" failures="0" errors="0">{case}</testsuite>'
    assert junit_rules.problems(ElementTree.fromstring(suite)) == problem


def test_junit_of_what_passes(junit, evidence):
    result, root = junit(CLOSE)
    (suite,) = root
    assert result.returncode == 0
    assert {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "3", "failures": "0", "errors": "0", "skipped": "0"}
    cases = suite.findall("testcase")
    assert [case.get("name") for case in cases] == [f"active-close-client.{family}" for family in ("v4", "v6", "mapped")]
    for case in cases:
        assert (case.get("classname"), case.get("file"), case.get("line")) == ("normal", CLOSE, "1")
        assert 0 < float(case.get("time")) < 60
        assert [child.tag for child in case] == ["system-out"]
        assert f"evidence: {evidence}/normal/{case.get('name')}\n" in case[0].text


def test_junit_of_a_failure(junit, write_scenario, evidence):
    path = write_scenario(WRONG.format("Nobody listens"))
    result, root = junit(path)
    (case,) = root.iter("testcase")
    assert (result.returncode, case.get("line")) == (1, "4")
    failure = case.find("failure")
    assert failure.get("message") == "expected client connect: success, got ECONNREFUSED from connect"
    assert f"{path}:4: app witness\n    expected: client connect: success\n" in failure.text
    assert re.search(r"SYN-SENT │━━ SYN ━+▶│", failure.text)
    assert f"again: lastack run {path} --filter 'test/scenario'" in failure.text
    assert f"evidence: {evidence}/test/scenario\n" in failure.text


def test_junit_attachments_are_the_captures_relative_to_the_working_directory(lastack, tmp_path, write_scenario):
    result = lastack("run", write_scenario(WRONG.format("x")), "--junit", "out.xml", cwd=tmp_path)
    assert result.returncode == 1
    (case,) = ElementTree.parse(tmp_path / "out.xml").getroot().iter("testcase")
    attachments = re.findall(r"\[\[ATTACHMENT\|(.*)\]\]", case.findtext("system-out"))
    assert attachments == [f"evidence/test/scenario/{host}.pcapng" for host in ("client", "server")]
    assert all((tmp_path / path).stat().st_size > 0 for path in attachments)
    assert case.get("file") == "scenarios/test/scenario.yaml"


def test_junit_of_a_skip_says_why(junit, write_scenario, with_one_user):
    result, root = junit(write_scenario(SKIPPED), prefix=with_one_user)
    assert (result.returncode, root[0].get("skipped")) == (4, "1")
    assert root.find(".//skipped").get("message") == "needs two-users: a process here cannot become user 65534"


def test_hostile_names_round_trip(junit, write_scenario):
    title = HOSTILE.replace("'", "''")
    path = write_scenario(WRONG.format(f"'{title}'"), name=HOSTILE.replace("/", "") + "/" + HOSTILE.replace("/", ""))
    result, root = junit(path)
    assert result.returncode == 1, result.stderr
    (case,) = root.iter("testcase")
    assert (case.get("classname"), case.get("name")) == (HOSTILE, HOSTILE)
    assert pathlib.Path(case.get("file")).resolve() == path.resolve()


def test_control_characters_do_not_get_through(junit, write_scenario):
    path = write_scenario("scenario: 1\ntitle: \"\\e[31mred\\e[0m\\x01\\x07 end\"\nsteps:\n  - server: listen\n",
                          name="te\x1b[31mst/na\x07me\xff")
    result, root = junit(path)
    (case,) = root.iter("testcase")
    assert (case.get("classname"), case.get("name")) == ("test", "name\xff")
    assert "\x1b" not in result.stdout + result.stderr


def test_repetitions_have_names_of_their_own(junit, write_scenario):
    path = write_scenario(GOOD)
    _, root = junit(path, path, "--repeat", 2)
    names = [case.get("name") for case in root.iter("testcase")]
    assert len(set(names)) == len(names) >= 2
    assert {"scenario#1", "scenario#2"} <= set(names)


def test_an_independent_parser_reads_the_same(run, write_scenario, tmp_path):
    junitparser = pytest.importorskip("junitparser", reason="python3-junitparser is not installed")
    wrong = write_scenario(WRONG.format("Nobody listens"))
    run(wrong, CLOSE, "--set", "family=v4", "--junit", tmp_path / "junit.xml")
    xml = junitparser.JUnitXml.fromfile(str(tmp_path / "junit.xml"))
    (suite,) = xml
    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (2, 1, 0, 0)
    cases = {case.name: case for case in suite}
    assert cases["active-close-client.v4"].is_passed
    (outcome,) = cases["scenario"].result
    assert isinstance(outcome, junitparser.Failure)
    assert "ECONNREFUSED" in outcome.message


PERL = r"""
use TAP::Parser;
my $parser = TAP::Parser->new({ source => $ARGV[0] });
while (my $result = $parser->next) {
  if ($result->is_test) {
    print join("|", $result->is_ok ? "ok" : "not ok", $result->number, $result->description,
               $result->directive, $result->explanation), "\n";
  } elsif ($result->is_comment) { print "comment ", $result->comment, "\n"; }
}
print "plan ", $parser->plan, " errors ", join(",", $parser->parse_errors), "\n";
"""


@pytest.fixture
def parse_tap(tmp_path):
    """parse_tap(text) -> what Perl's TAP::Parser makes of it, one line each."""
    if subprocess.run(["perl", "-MTAP::Parser", "-e", "1"], capture_output=True, check=False).returncode != 0:
        pytest.skip("perl with TAP::Parser is not installed")

    def parse(text):
        path = tmp_path / "result.tap"
        path.write_text(text)
        return subprocess.run(["perl", "-e", PERL, path], capture_output=True, text=True, check=True).stdout.splitlines()

    return parse


# tools/testing/kunit/kunit_parser.py of Linux, by which lines it knows a version, a plan and a result.
KUNIT = [re.compile(r"KTAP version 1"), re.compile(r"1\.\.\d+"), re.compile(r"(ok|not ok) (\d+) ([^#]*)( # .*)?"),
         re.compile(r"#.*")]


def test_ktap_is_read_by_a_tap_parser(run, parse_tap, write_scenario, with_one_user):
    paths = [write_scenario(GOOD, name="test/good"), write_scenario(WRONG.format("x"), name="test/wr#ng"),
             write_scenario(SKIPPED, name="test/skipped")]
    result = run(*paths, "--ktap", "-", prefix=with_one_user)
    assert result.returncode == 1
    assert [line for line in result.stdout.splitlines() if not any(form.fullmatch(line) for form in KUNIT)] == []
    lines = parse_tap(result.stdout)
    assert "ok|1|test/good||" in lines
    wrong = lines.index(next(line for line in lines if line.startswith("not ok|2|test/wr")))
    diagnostics = [line for line in lines[:wrong] if line.startswith("comment ")]
    assert any("expected: client connect: success" in line for line in diagnostics)
    assert any("again: lastack run" in line for line in diagnostics)
    assert "ok|3|test/skipped|SKIP|needs two-users: a process here cannot become user 65534" in lines
    assert "comment Totals: pass:1 fail:1 xfail:0 xpass:0 skip:1 error:0" in lines
    assert lines[-1] == "plan 1..3 errors "
    assert "0 passed" not in result.stdout  # the console's words are not in the document
    assert result.stderr.splitlines()[-1] == "1 passed, 1 failed, 1 skipped"


def test_only_one_document_goes_to_stdout(run):
    result = run(CLOSE, "--ktap", "-", "--json", "-")
    assert (result.returncode, result.stdout) == (2, "")
    assert "--json - and --ktap -: only one document can go to stdout" in result.stderr


def test_a_folder_that_is_not_there_is_found_out_before_anything_is_run(run, evidence, tmp_path):
    result = run(CLOSE, "--junit", tmp_path / "none/junit.xml")
    assert (result.returncode, result.stdout) == (3, "")
    assert f"--junit {tmp_path}/none/junit.xml: there is no folder {tmp_path}/none\nhint: make it first" in result.stderr
    assert not any(evidence.iterdir())


def unescape(text, property_too):
    for code, character in [("%0D", "\r"), ("%0A", "\n"), *([("%3A", ":"), ("%2C", ",")] if property_too else []), ("%25", "%")]:
        text = text.replace(code, character)
    return text


def annotations(output):
    """What GitHub's runner makes of the lines that are commands: (properties, text)."""
    found = []
    for line in output.splitlines():
        if line.lstrip().startswith("::"):
            command, properties, text = re.fullmatch(r"::(\w+) ([^:]*)::(.*)", line.lstrip()).groups()
            assert command == "error"
            pairs = dict(pair.split("=", 1) for pair in properties.split(","))
            found.append(({key: unescape(value, True) for key, value in pairs.items()}, unescape(text, False)))
    return found


def test_github_annotations_name_the_place(run, write_scenario, tmp_path):
    path = write_scenario(WRONG.format("x"), name="te,st/100%: a")
    result = run(path, "--github", env={"GITHUB_STEP_SUMMARY": "", "GITHUB_WORKSPACE": str(tmp_path)})
    ((properties, text),) = annotations(result.stdout)
    assert properties == {"file": "scenarios/te,st/100%: a.yaml", "line": "4", "title": "FAIL te,st/100%: a"}
    assert f"{path}:4: app witness\n  expected: client connect: success\n" in text


def test_github_shows_nine_and_the_number_of_the_rest(run, write_scenario, tmp_path):
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    result = run(write_scenario(WRONG.format("x")), "--repeat", 12, "-q", "--github", env={"GITHUB_STEP_SUMMARY": str(summary)})
    found = annotations(result.stdout)
    assert len(found) == 10
    assert found[-1] == ({"title": "lastack"}, "and 3 more")
    text = summary.read_text()
    assert text.startswith("before\n### lastack: 0 passed, 12 failed, 0 skipped in ")
    assert "| test | 0 | 12 | 0 | 0 | 0 |" in text
    assert text.count("| FAIL | test/scenario#") == 12


def test_github_summary_is_a_table_for_a_markdown_reader(run, write_scenario, tmp_path):
    if not shutil.which("cmark-gfm"):
        pytest.skip("cmark-gfm is not installed")
    summary = tmp_path / "summary.md"
    path = write_scenario(WRONG.format("x"), name="t|`e`<st>/_a_*b*")
    run(path, CLOSE, "--set", "family=v4", "--github", env={"GITHUB_STEP_SUMMARY": str(summary)})
    html = subprocess.run(["cmark-gfm", "-e", "table", "--unsafe", summary], capture_output=True, text=True, check=True).stdout
    assert html.count("<table>") == 2
    (details,) = re.findall(r"<pre>(.*?)</pre>", html, re.DOTALL)
    assert re.search(r"SYN-SENT │━━ SYN ━+▶│\n.*again: lastack run ", details, re.DOTALL)
    assert not re.search(r"<\w", details)
    assert "<td>t|`e`&lt;st&gt;</td>" in html
    assert "<td>t|`e`&lt;st&gt;/_a_*b*</td>" in html
    assert "<details><summary>FAIL t|`e`&lt;st&gt;/_a_*b*</summary>" in html
