// The look of the drawings, and a drawing as a file of its own.
#include <fmt/format.h>

#include "report/html_text.h"
#include "report/ladder_svg.h"

namespace lastack {

std::string_view ColourStyle() {
  return R"raw(:root{color-scheme:light dark;--bg:#fff;--fg:#172033;--muted:#5b677a;--border:#9aa7b8;--band:#eff3f8;
--red:#b91c1c;--redbg:#fdecec;--green:#15803d;--greenbg:#e9f7ee;--amber:#9a5b00;--amberbg:#fdf3dd;--purple:#7e22ce;--link:#1d4ed8;
--open:#d9f0dd;--openfg:#14532d;--active:#cfe2ff;--activefg:#1e3a8a;--passive:#ffe1bf;--passivefg:#7c2d12;--tw:#e0e3ef;--twfg:#3b4160}
@media(prefers-color-scheme:dark){:root{--bg:#10141b;--fg:#e5eaf2;--muted:#9aa7ba;--border:#56637a;--band:#1a212c;
--red:#ff7b7b;--redbg:#3a1618;--green:#5fd08a;--greenbg:#12301d;--amber:#f3b95f;--amberbg:#36270a;--purple:#c89bff;--link:#8ab4ff;
--open:#153a22;--openfg:#b9f2cb;--active:#173463;--activefg:#c3dbff;--passive:#4d2c10;--passivefg:#ffd6a8;--tw:#2f364c;--twfg:#d0d6e6}}
)raw";
}

std::string_view LadderStyle() {
  return R"raw(.ladder text{font:12px system-ui,"DejaVu Sans",sans-serif;fill:var(--fg);text-anchor:middle}
.ladder text.s{text-anchor:start}.ladder text.e{text-anchor:end}
.ladder .n{font-weight:700;font-size:13px}.ladder .p{fill:var(--muted)}
.ladder .m{font-size:10.5px;fill:var(--muted);font-weight:400}
.ladder .r{stroke:var(--fg);stroke-width:1.3;opacity:.55;fill:none}.ladder .y{stroke:var(--border);fill:none}
.ladder .b rect{stroke:var(--border);stroke-width:.8}.ladder .b text{font-size:11.5px}.narrow .b text{font-size:10.5px}
.ladder .open rect{fill:var(--open)}.ladder .open text{fill:var(--openfg)}
.ladder .active rect{fill:var(--active)}.ladder .active text{fill:var(--activefg)}
.ladder .passive rect{fill:var(--passive)}.ladder .passive text{fill:var(--passivefg)}
.ladder .tw rect{fill:var(--tw)}.ladder .tw text{fill:var(--twfg)}
.ladder .closed rect{fill:var(--bg)}.ladder .closed text{fill:var(--muted)}
.ladder .a{--c:var(--fg)}.ladder .a.red{--c:var(--red)}.ladder .a.made{--c:var(--purple)}
.ladder .a .l{stroke:var(--c);stroke-width:1.2;fill:none}.ladder .a .h{fill:var(--c)}.ladder .a .x{stroke:var(--c);stroke-width:3}
.ladder .a.k .l{stroke-width:2.8}.ladder .a.again .l{stroke-dasharray:7 5}.ladder .a.made .l{stroke-dasharray:2 3}
.ladder .a .t{fill:var(--c);paint-order:stroke;stroke:var(--bg);stroke-width:3px;stroke-linejoin:round}.ladder .a.k .t{font-weight:700}
.ladder .call .c,.ladder .event .c{paint-order:stroke;stroke:var(--bg);stroke-width:3px}.ladder .event .c{font-style:italic}
.ladder .z rect{fill:var(--band)}.ladder .z text{fill:var(--muted);font-size:11.5px}
.ladder .fold rect{fill:var(--band);stroke:var(--border)}.ladder .fold .l{stroke:var(--muted);stroke-width:1;fill:none}
.ladder .f{fill:none;stroke:var(--red);stroke-width:2.6}.ladder .w{fill:var(--red);font-weight:600}
.ladder g:hover .l,.ladder g.hi .l{stroke-width:4}.ladder g:hover text,.ladder g.hi text{font-weight:700}
)raw";
}

std::string DrawSvgFile(const Ladder& ladder,
                        const std::string& badge,
                        const std::string& headline,
                        const std::string& details) {
  constexpr int kHead = 70;  // room for badge, headline and details
  constexpr int kWidth = 1060;
  constexpr std::string_view kViewBox = "viewBox=\"0 0 1060 ";
  const std::string drawing = DrawSvg(ladder, SvgShape::kWide, "ladder-");
  const int height = std::stoi(drawing.substr(drawing.find(kViewBox) + kViewBox.size()));
  const size_t badge_width = badge.size() * 12 + 28;
  const std::string colour = badge == "PASS" ? "green" : badge == "SKIP" ? "amber" : "red";
  // The drawing goes into an outer one that has the badge above it.
  return fmt::format(
      "<svg class=\"ladder\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {all}\" "
      "width=\"{width}\" height=\"{all}\">\n<title>{badge}: "
      "{headline}</title>\n<style>{colours}{style}</style>\n"
      "<rect width=\"100%\" height=\"100%\" fill=\"var(--bg)\"/>\n<rect x=\"12\" y=\"12\" "
      "width=\"{badge_width}\" "
      "height=\"34\" rx=\"6\" fill=\"var(--{colour})\"/>\n<text x=\"{middle}\" y=\"35\" "
      "style=\"font-size:17px;font-weight:700;fill:var(--bg)\">{badge}</text>\n"
      "<text class=\"s\" x=\"{right}\" y=\"27\" "
      "style=\"font-size:16px;font-weight:700\">{headline}</text>\n"
      "<text class=\"s p\" x=\"{right}\" y=\"46\">{details}</text>\n"
      "<svg y=\"{head}\" width=\"{width}\" height=\"{height}\"{drawing}\n</svg>\n",
      fmt::arg("width", kWidth),
      fmt::arg("all", height + kHead),
      fmt::arg("badge", badge),
      fmt::arg("headline", EscapeHtml(headline)),
      fmt::arg("details", EscapeHtml(details)),
      fmt::arg("colours", ColourStyle()),
      fmt::arg("style", LadderStyle()),
      fmt::arg("badge_width", badge_width),
      fmt::arg("colour", colour),
      fmt::arg("middle", 12 + badge_width / 2),
      fmt::arg("right", badge_width + 26),
      fmt::arg("head", kHead),
      fmt::arg("height", height),
      fmt::arg("drawing", drawing.substr(sizeof("<svg") - 1)));
}

}  // namespace lastack
