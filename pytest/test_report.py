"""The page and the pictures of `lastack report` and `run --html`: what parsers that are not ours make of them, and what
a reader sees in a real browser.
"""

import json
import pathlib
import re
import shutil
import subprocess
import xml.etree.ElementTree

import pytest

import browser

ROOT = pathlib.Path(__file__).resolve().parent.parent
WRONG = pathlib.Path(__file__).parent / "scenarios" / "wrong"
CASES = [ROOT / "scenarios/normal/active-close-client.yaml", ROOT / "scenarios/normal/half-close-client.yaml",
         ROOT / "scenarios/loss/last-ack-lost.yaml", WRONG / "states-server.yaml", WRONG / "segments-missing.yaml"]
SVG = "{http://www.w3.org/2000/svg}"
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
    from conftest import PROGRAM

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


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    reason = browser.why_missing()
    if reason:
        pytest.skip(reason)
    with browser.Browser(tmp_path_factory.mktemp("profile")) as window:
        yield window


@pytest.fixture
def window(chromium):
    """A desktop window with scripts; the test fails if the page makes the console complain."""
    chromium.scripts(True)
    chromium.window(1280)
    chromium.complaints()
    yield chromium
    assert chromium.complaints() == []


def report(lastack, folder, output, code=0):
    result = lastack("report", folder, "-o", output)
    assert result.returncode == code, result.stdout + result.stderr
    return output


# What other parsers make of it.


def test_run_and_report_write_the_same_runs(lastack, runs, suite_page, tmp_path):
    page = report(lastack, runs / "evidence", tmp_path / "page.html", code=1).read_text()
    badges = r'<summary><b class="badge \w+">(\w+)</b><span class="id">([^<]+)'
    assert sorted(re.findall(badges, page)) == sorted(re.findall(badges, suite_page.read_text()))
    assert len(re.findall(badges, page)) == 6


@pytest.mark.parametrize("parser", ["html5lib", "lxml.html"])
def test_the_page_is_well_formed_html(suite_page, parser):
    module = pytest.importorskip(parser)
    if parser == "html5lib":
        strict = module.HTMLParser(strict=True, namespaceHTMLElements=False)
        document = strict.parse(suite_page.read_text())
        assert strict.errors == []
        assert len(document.findall(".//details[@class='run']")) == 6
    else:
        document = module.document_fromstring(suite_page.read_bytes())
        ids = document.xpath("//@id")
        assert len(ids) == len(set(ids))
        for svg in document.xpath("//svg"):
            title, description = svg.get("aria-labelledby").split()
            assert svg.xpath(f".//*[@id='{title}']/text()") and svg.xpath(f".//*[@id='{description}']/text()")


def test_nothing_is_loaded_from_elsewhere(suite_page):
    page = suite_page.read_text()
    assert re.findall(r'(?:src|href|url)\s*[=(]\s*"?((?:https?:)?//[^"\s)]*)', page) == []
    assert not re.search(r"@import|<iframe|<object|fetch\(|XMLHttpRequest", page)


def test_links_lead_to_the_captures(suite_page):
    html = pytest.importorskip("lxml.html")
    links = [pathlib.Path(suite_page.parent, link) for link in html.parse(str(suite_page)).xpath("//ul[@class='files']//a/@href")]
    assert len(links) == 6 * 6
    assert all(link.is_file() for link in links)


def test_the_table_has_every_segment_of_the_captures(runs, suite_page):
    html = pytest.importorskip("lxml.html")
    timeline = json.loads((runs / "evidence/normal/active-close-client.v4/timeline.json").read_text())
    segments = [f"{entry['sent_packet']} → {entry['received_packet']}" for entry in timeline["entries"]
                if entry["kind"] == "segment"]
    (run,) = html.parse(str(suite_page)).xpath("//details[@id='normal/active-close-client.v4']")
    cells = [cell.text_content() for cell in run.xpath(".//details[@class='table']//tbody/tr/td[4]")]
    assert [cell for cell in cells if cell] == segments
    assert len(segments) == 7


def test_a_picture_is_well_formed_svg(lastack, runs, tmp_path):
    path = report(lastack, runs / "evidence/wrong/states-server", tmp_path / "picture.svg", code=1)
    picture = xml.etree.ElementTree.parse(path).getroot()
    assert picture.tag == SVG + "svg"
    texts = ["".join(text.itertext()) for text in picture.iter(SVG + "text")]
    assert "FAIL" in texts
    assert {"CLOSE-WAIT", "LAST-ACK", "FIN-WAIT-1", "FIN-WAIT-2", "TIME-WAIT"} <= set(texts)
    assert [text for text in texts if text.startswith("want CLOSE-WAIT (:12)")]
    arrows = [group for group in picture.iter(SVG + "g") if (group.get("class") or "").split()[:1] == ["a"]]
    assert len(arrows) == 7
    for arrow in arrows:  # slanted downwards
        (x0, y0), (x1, y1) = re.findall(r"[ML]([\d.]+) ([\d.]+)", arrow.find(SVG + "path[@class='l']").get("d"))
        assert float(y1) > float(y0) and x0 != x1


def test_a_picture_shows_one_run(lastack, runs, tmp_path):
    result = lastack("report", runs / "evidence", "-o", tmp_path / "picture.svg")
    assert result.returncode == 2 and "one run" in result.stderr


def test_hostile_text_is_text(suite_page):
    html = pytest.importorskip("lxml.html")
    document = html.parse(str(suite_page))
    assert len(document.xpath("//script")) == 1 and not document.xpath("//img")
    (run,) = document.xpath("//details[@data-family='hostile']")
    assert '</title><script>document.title = "owned"</script>' in run.text_content()


def test_folders_that_cannot_be_read_are_named(lastack, runs, tmp_path):
    shutil.copytree(runs / "evidence/normal", tmp_path / "many")
    shutil.copytree(runs / "evidence/normal/active-close-client.v4", tmp_path / "many" / "broken")
    (tmp_path / "many/broken/scenario.json").unlink()
    (tmp_path / "many/half-close-client.v4/server.pcapng").write_bytes(b"no capture")
    result = lastack("report", tmp_path / "many", "-o", tmp_path / "page.html")
    assert result.returncode == 3
    for path in ("broken/scenario.json", "half-close-client.v4/server.pcapng"):
        assert path in result.stderr
        assert path in (tmp_path / "page.html").read_text()
    assert result.stdout == f"{tmp_path}/page.html: 1 passed, 0 failed, 0 skipped, 2 errors\n"


def test_no_evidence_is_a_wrong_usage(lastack, tmp_path):
    result = lastack("report", tmp_path, "-o", tmp_path / "page.html")
    assert (result.returncode, result.stdout) == (2, "")
    assert f"{tmp_path}: no evidence of a run in or below it" in result.stderr
    assert not (tmp_path / "page.html").exists()


def test_derived_files_are_not_believed(lastack, runs, tmp_path):
    shutil.copytree(runs / "evidence/wrong/states-server", tmp_path / "run")
    for name in ("result.json", "timeline.json"):
        (tmp_path / "run" / name).write_text("{}")
    page = report(lastack, tmp_path / "run", tmp_path / "page.html", code=1).read_text()
    assert '<title>FAIL wrong/states-server – lastack</title>' in page


def test_repetitions_are_told_apart(lastack, evidence, tmp_path):
    lastack("run", CASES[0], "--set", "family=v4", "--repeat", "2", "--evidence", evidence)
    page = report(lastack, evidence, tmp_path / "page.html").read_text()
    assert re.findall(r'<span class="id">([^<]+)', page) == [f"normal/active-close-client.v4#{n}" for n in (1, 2)]


# What a reader sees.

VISIBLE = "return [...document.querySelectorAll('.run')].filter(r => r.checkVisibility()).map(r => r.id)"
OVERFLOW = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"


def choose(window, name, value):
    window.run("""const e = document.forms.filters.elements[arguments[0]]; e.value = arguments[1];
                  e.dispatchEvent(new Event('input', {bubbles: true}))""", name, value)


def test_failures_are_open_and_say_what_was_wanted(window, suite_page):
    window.open(suite_page)
    opened = window.run("return [...document.querySelectorAll('.run[open]')].map(r => r.dataset.verdict)")
    assert opened == ["FAIL"] * 3
    text = window.run("return document.getElementById('wrong/states-server').innerText")
    assert "want CLOSE-WAIT (:12), got FIN-WAIT-1" in " ".join(text.split())
    frames = window.run("return document.querySelectorAll('[id=\"wrong/states-server\"] svg.wide .f').length")
    assert frames == 1
    assert window.run("return document.title") == "FAIL 3 passed, 3 failed, 0 skipped – lastack"


def test_filters(window, suite_page):
    window.open(suite_page)
    assert len(window.run(VISIBLE)) == 6
    choose(window, "family", "loss")
    assert window.run(VISIBLE) == ["loss/last-ack-lost.v4.once"]
    assert window.run("return document.forms.filters.elements.count.value") == "1 of 6"
    choose(window, "verdict", "FAIL")
    assert window.run(VISIBLE) == []
    assert window.run("return document.getElementById('none').checkVisibility()")
    choose(window, "family", "")
    assert len(window.run(VISIBLE)) == 3
    choose(window, "verdict", "")
    choose(window, "claim", "first-fin")
    assert window.run(VISIBLE) == ["normal/active-close-client.v4"]
    window.run("document.querySelector('#filters [type=reset]').click()")
    choose(window, "text", "half close 1 mib")
    assert window.run(VISIBLE) == ["normal/half-close-client.v4"]


def test_a_link_to_a_run_opens_it(window, suite_page):
    window.open(suite_page, "#normal/half-close-client.v4")
    assert window.run("return document.getElementById('normal/half-close-client.v4').open")
    assert window.run("return document.activeElement.parentElement.id") == "normal/half-close-client.v4"


def test_the_keyboard_is_enough(window, suite_page):
    window.open(suite_page)
    window.keys("/")
    assert window.run("return document.activeElement.name") == "text"
    window.keys("active-close")
    assert window.run(VISIBLE) == ["normal/active-close-client.v4"]
    window.keys("\ue00c")  # Escape
    window.keys("j")
    window.keys("\ue007")  # Enter
    assert window.run("return document.getElementById('normal/active-close-client.v4').open")


def test_hovering_a_segment_shows_its_fields_and_its_cause(window, suite_page):
    window.open(suite_page, "#normal/active-close-client.v4")
    at = window.run("""const label = [...document.querySelectorAll('[id="normal/active-close-client.v4"] svg.wide .a.k .t')]
                         .find(t => t.textContent.startsWith('FIN,ACK'));
                       label.scrollIntoView({block: 'center'}); const b = label.getBoundingClientRect();
                       return [b.x + b.width / 2, b.y + b.height / 2]""")
    window.move_to(*at)
    tip = window.run("return document.getElementById('tip').checkVisibility() && document.getElementById('tip').textContent")
    assert tip.startswith("FIN,ACK seq=1 ack=1 window=")
    for part in ("sent by client at", "packet 4", "client → FIN-WAIT-1", "server → CLOSE-WAIT", "client: close"):
        assert part in tip
    assert window.run("return [...document.querySelectorAll('.hi text')].map(t => t.textContent)[0]").startswith("close → ok")
    window.move_to(2, 2)
    assert not window.run("return document.getElementById('tip').checkVisibility()")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [400, 1280])
def test_fits_and_can_be_read(window, suite_page, tmp_path, width, dark):
    window.window(width, dark=dark)
    window.open(suite_page, "#normal/half-close-client.v4")
    assert window.run(OVERFLOW) <= 0
    shape = "narrow" if width == 400 else "wide"
    shown = window.run("return [...document.querySelectorAll('[id=\"normal/half-close-client.v4\"] svg')]"
                       ".filter(s => s.checkVisibility()).map(s => s.classList[1])")
    assert shown == [shape]
    small = window.run("""const svg = document.querySelector('[id="normal/half-close-client.v4"] svg.' + arguments[0]);
                          return [...svg.querySelectorAll('text')].filter(t => t.getBoundingClientRect().height < 9)
                            .map(t => t.textContent)""", shape)
    assert small == []
    # Text and what is behind it differ enough (WCAG 2, 4.5 to 1).
    contrast = window.run("""
      const luminance = c => { const [r, g, b] = c.match(/\\d+(\\.\\d+)?/g).map(Number).map(v => v / 255)
          .map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4); return .2126 * r + .7152 * g + .0722 * b; };
      const ratio = (a, b) => { const [l, d] = [luminance(a), luminance(b)].sort((x, y) => y - x); return (l + .05) / (d + .05); };
      const out = []; const page = getComputedStyle(document.body);
      out.push(ratio(page.color, page.backgroundColor));
      for (const box of document.querySelectorAll('.ladder .b'))
        out.push(ratio(getComputedStyle(box.querySelector('text')).fill, getComputedStyle(box.querySelector('rect')).fill));
      for (const text of document.querySelectorAll('.ladder .t, .ladder .w, .ladder .m'))
        out.push(ratio(getComputedStyle(text).fill, page.backgroundColor));
      return Math.min(...out)""")
    assert contrast >= 4.5


def test_texts_do_not_lie_on_one_another(window, suite_page):
    """In no drawing of these runs; labels that are turned are left out, their boxes are larger than they are."""
    window.open(suite_page)
    overlaps = window.run("""
      const found = [];
      for (const run of document.querySelectorAll('.run')) { run.open = true;
        for (const svg of run.querySelectorAll('svg.wide')) {
          const boxes = [...svg.querySelectorAll('text:not([transform])')].map(t => [t.textContent, t.getBoundingClientRect()]);
          for (const [i, [a, x]] of boxes.entries()) for (const [b, y] of boxes.slice(i + 1)) {
            const w = Math.min(x.right, y.right) - Math.max(x.left, y.left), h = Math.min(x.bottom, y.bottom) - Math.max(x.top, y.top);
            if (w > 1 && h > 5) found.push(run.id + ': ' + a + ' | ' + b); } } }
      return found""")
    assert overlaps == []


def test_without_script_everything_can_be_read(window, suite_page):
    window.scripts(False)
    window.open(suite_page)
    document = window.devtools("DOM.getDocument", depth=0)["root"]["nodeId"]

    def style(selector):
        node = window.devtools("DOM.querySelector", nodeId=document, selector=selector)["nodeId"]
        assert node, selector
        return window.devtools("DOM.getBoxModel", nodeId=node)["model"]

    window.devtools("DOM.enable")
    assert style("[id='wrong/states-server'] svg.wide")["height"] > 200
    assert style("[id='normal/active-close-client.v4'] summary")["height"] > 10
    with pytest.raises(AssertionError):  # filters that would do nothing have no box
        style("#filters")


def test_on_paper_every_ladder_is_there(window, suite_page):
    window.open(suite_page)
    window.window(800, media="print")
    window.run("dispatchEvent(new Event('beforeprint'))")
    shown = window.run("""return [...document.querySelectorAll('.run')].map(r => r.querySelector('svg.wide').checkVisibility()
                          && !r.querySelector('svg.narrow').checkVisibility())""")
    assert shown == [True] * 6
    assert not window.run("return document.getElementById('filters').checkVisibility()")
    window.run("dispatchEvent(new Event('afterprint'))")
    assert window.run("return document.querySelectorAll('.run[open]').length") == 3
