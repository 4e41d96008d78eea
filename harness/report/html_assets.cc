// The page's style and script. Without the script everything can be read; it filters and jumps.
#include "report/html_page.h"

namespace lastack {
namespace {

constexpr std::string_view kScript = R"raw("use strict";
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const form = document.getElementById("filters");
const runs = all(".run");
const tip = document.getElementById("tip");
document.documentElement.classList.add("js");

const textOf = (run, selector) => run.querySelector(selector)?.textContent ?? "";
const words = new Map(runs.map(run =>
  [run, ["summary", ".meta", ".story"].map(part => textOf(run, part)).join(" ").toLowerCase()]));
function filter() {
  const want = Object.fromEntries(new FormData(form));
  const texts = want.text.toLowerCase().split(/\s+/);
  let shown = 0;
  for (const run of runs) {
    const {family, verdict, claims} = run.dataset;
    const fits = (!want.family || family === want.family) &&
      (!want.verdict || verdict === want.verdict) &&
      (!want.claim || claims.split(" ").includes(want.claim)) &&
      texts.every(text => words.get(run).includes(text));
    run.hidden = !fits;
    shown += fits;
  }
  for (const section of all("section")) section.hidden = !section.querySelector(".run:not([hidden])");
  document.getElementById("none").hidden = shown > 0;
  form.elements.count.value = shown + " of " + runs.length;
}
if (form) {
  form.addEventListener("input", filter);
  form.addEventListener("submit", event => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(filter));
  filter();
}

function jump() {
  const run = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!run?.classList.contains("run")) return;
  run.hidden = false;
  run.closest("section").hidden = false;
  run.open = true;
  run.scrollIntoView();
}
addEventListener("hashchange", jump);
if (location.hash) jump();
for (const run of runs) run.addEventListener("toggle", () => {
  if (run.open && run.contains(document.activeElement)) history.replaceState(null, "", "#" + run.id);
});

addEventListener("keydown", event => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (/INPUT|SELECT|TEXTAREA/.test(event.target.tagName)) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (event.key === "/" && form) {
    event.preventDefault();
    form.elements.text.focus();
  }
  const step = {j: 1, k: -1}[event.key];
  if (step) {
    const seen = runs.filter(run => !run.hidden);
    const focused = seen.findIndex(run => run.contains(document.activeElement));
    const at = focused < 0 ? seen.findIndex(run => run.matches(":target")) : focused;
    const next = seen[at < 0 ? 0 : Math.min(seen.length - 1, Math.max(0, at + step))];
    next?.querySelector("summary").focus();
    next?.scrollIntoView({block: "nearest"});
  }
});

// Under the mouse: all fields in place of the browser's own hint, and what the same step caused.
let group = null, title = null;
function leave() {
  if (!group) return;
  for (const other of all(".hi", group.ownerSVGElement)) other.classList.remove("hi");
  group.prepend(title);
  group = null;
  tip.hidden = true;
}
function enter(next) {
  leave();
  title = next?.querySelector(":scope>title");
  if (!title) return;
  group = next;
  title.remove();
  tip.textContent = title.textContent;
  tip.hidden = false;
  const step = group.dataset.s;
  if (step) for (const other of all("g", group.ownerSVGElement))
    if (other.dataset.s === step) other.classList.add("hi");
}
document.addEventListener("mousemove", event => {
  const next = event.target.closest?.(".ladder g") ?? null;
  if (next !== group) enter(next);
  if (!group) return;
  const box = tip.getBoundingClientRect();
  const below = event.clientY + 18;
  tip.style.left = Math.max(4, Math.min(event.clientX + 14, innerWidth - box.width - 4)) + "px";
  tip.style.top = (below + box.height > innerHeight ? event.clientY - box.height - 10 : below) + "px";
});

let closed = [];
addEventListener("beforeprint", () => {
  leave();
  closed = all("details.run:not([open])");
  for (const run of closed) run.open = true;
});
addEventListener("afterprint", () => { for (const run of closed) run.open = false; });
)raw";

}  // namespace

std::string_view PageStyle() {
  return R"raw(*{box-sizing:border-box}
body{margin:0 auto;max-width:1120px;padding:0 16px 64px;background:var(--bg);color:var(--fg);font:15px/1.45 system-ui,"DejaVu Sans",sans-serif;overflow-wrap:anywhere}
h1{font-size:21px;margin:20px 0 4px;display:flex;gap:12px;align-items:center}h2{font-size:17px;margin:26px 0 6px}h2 small{font-weight:400;color:var(--muted);font-size:13px;margin-left:6px}
h4{margin:20px 0 6px;font-size:14px}a{color:var(--link)}code{font:13px ui-monospace,"DejaVu Sans Mono",monospace;background:var(--band);padding:1px 5px;border-radius:4px}
p{margin:6px 0}.meta{color:var(--muted);font-size:13px}.about{color:var(--muted);max-width:80ch}
.badge{display:inline-block;flex:none;white-space:nowrap;min-width:52px;padding:1px 8px;border-radius:5px;text-align:center;font-size:12px;line-height:20px;color:var(--bg);background:var(--amber)}
h1 .badge{font-size:17px;padding:4px 14px}.badge.pass{background:var(--green)}.badge.fail,.badge.error{background:var(--red)}
#filters{display:none;position:sticky;top:0;z-index:2;flex-wrap:wrap;gap:8px 14px;align-items:center;padding:10px 0;background:var(--bg);border-bottom:1px solid var(--border);font-size:13px}
.js #filters{display:flex}#filters select,#filters input,#filters button{font:inherit;color:var(--fg);background:var(--bg);border:1px solid var(--border);border-radius:5px;padding:3px 7px;max-width:190px}
#filters .text{flex:1 1 160px}#filters input{width:100%;max-width:260px}
.run{border:1px solid var(--border);border-radius:7px;margin:5px 0;scroll-margin-top:64px}.run>summary{display:flex;gap:10px;align-items:center;padding:6px 10px;cursor:pointer;list-style:none;border-radius:7px}
.run>summary::-webkit-details-marker{display:none}.run>summary:hover{background:var(--band)}summary:focus-visible,a:focus-visible,select:focus-visible,input:focus-visible,button:focus-visible{outline:3px solid var(--link);outline-offset:1px}
.id{font-weight:600;white-space:nowrap}.head{color:var(--muted);overflow:hidden;text-overflow:ellipsis;white-space:nowrap;flex:1}.took{color:var(--muted);font-size:12px;white-space:nowrap}
.run[open]>summary .head{white-space:normal;color:var(--fg)}.run[data-verdict=FAIL],.run[data-verdict=ERROR]{border-color:var(--red)}
.single .run{border:0}.single .run>summary,.single .story{display:none}.single .body{padding:0}
.body{padding:2px 14px 14px}.story{font-size:18px;font-weight:700;margin:8px 0}.diff{color:var(--red);background:var(--redbg);padding:7px 11px;border-radius:6px}
.troubles{list-style:none;padding:0;margin:10px 0;font-size:14px}.troubles li{margin:4px 0}.run:target{outline:2px solid var(--link)}
.chips{list-style:none;display:flex;flex-wrap:wrap;gap:7px;margin:10px 0;padding:0}.chips li{border:1px solid;border-radius:13px;padding:2px 11px;font-size:13px}
.ok{color:var(--green);background:var(--greenbg)}.chips .bad{color:var(--red);background:var(--redbg);font-weight:600}.unsure{color:var(--amber);background:var(--amberbg)}
figure{margin:16px 0 4px}figcaption{font-weight:600;margin-bottom:4px}svg.ladder{width:100%;max-width:1060px;height:auto;display:block}svg.narrow{display:none;max-width:440px}
.scroll{overflow-x:auto}table{border-collapse:collapse;font-size:13px}caption{text-align:left;color:var(--muted);padding:4px 0}th,td{text-align:left;vertical-align:top;padding:3px 10px 3px 0;border-bottom:1px solid var(--border);overflow-wrap:normal}
tr.bad td{color:var(--red)}td:first-child{white-space:nowrap}.table>summary{cursor:pointer;color:var(--muted);font-size:13px}
dl{display:grid;grid-template-columns:max-content 1fr;gap:2px 14px;margin:0;font-size:13px}dt{color:var(--muted)}dd{margin:0}.files{margin:0;padding-left:18px;font-size:13px}
#tip{position:fixed;z-index:3;max-width:min(460px,92vw);white-space:pre-line;pointer-events:none;background:var(--fg);color:var(--bg);font-size:12.5px;padding:7px 11px;border-radius:6px}[hidden]{display:none!important}
@media(max-width:640px){body{padding:0 10px 40px}svg.wide{display:none}svg.narrow{display:block}.run>summary{flex-wrap:wrap}.id{white-space:normal}.head{flex-basis:100%;white-space:normal}.body{padding:2px 8px 10px}dl{grid-template-columns:1fr}dt{margin-top:4px}}
@media print{:root{--bg:#fff;--fg:#000;--muted:#444;--border:#999;--band:#eee;--red:#b91c1c;--redbg:#fff;--green:#15803d;--greenbg:#fff;--open:#d9f0dd;--openfg:#14532d;--active:#cfe2ff;--activefg:#1e3a8a;--passive:#ffe1bf;--passivefg:#7c2d12;--tw:#e0e3ef;--twfg:#3b4160}
body{max-width:none;print-color-adjust:exact;-webkit-print-color-adjust:exact}#filters,#tip{display:none!important}.run{border:0;break-inside:auto}figure,tr{break-inside:avoid}details::details-content{content-visibility:visible;block-size:auto}svg.wide{display:block!important}svg.narrow{display:none!important}.table{display:none}}
)raw";
}

std::string_view PageScript() {
  return kScript;
}

}  // namespace lastack
