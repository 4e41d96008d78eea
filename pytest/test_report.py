"""The page and the pictures of `lastack report` and `run --html`: what parsers that are not ours make of them."""

import json
import pathlib
import re
import shutil
import urllib.parse
import xml.etree.ElementTree

import pytest

from report_runs import CASES, runs, suite_page  # noqa: F401  (fixtures)

SVG = "{http://www.w3.org/2000/svg}"


def report(lastack, folder, output, code=0):
    result = lastack("report", folder, "-o", output)
    assert result.returncode == code, result.stdout + result.stderr
    return output


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


def test_three_hundred_such_runs_stay_below_eight_mebibytes(suite_page):
    assert suite_page.stat().st_size / 6 * 300 < 8 << 20


def test_links_lead_to_the_captures(suite_page):
    html = pytest.importorskip("lxml.html")
    links = [pathlib.Path(suite_page.parent, urllib.parse.unquote(link)) for link in html.parse(str(suite_page)).xpath("//ul[@class='files']//a/@href")]
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
