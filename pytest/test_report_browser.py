"""The page of `lastack run --html` in a real browser: what a reader sees, with and without a mouse, a script, a wide window."""

import pytest

import browser
from report_runs import runs, suite_page  # noqa: F401  (fixtures)


@pytest.fixture(autouse=True)
def leftovers():
    """Not watched here: a browser's processes come and go during a test. They end with its fixture."""


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
    top = "return document.getElementById('normal/half-close-client.v4').getBoundingClientRect().top"
    assert 0 <= window.run(top) < 200
    window.keys("j")
    assert window.run("return document.activeElement.parentElement.id") == "wrong/states-server"


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
