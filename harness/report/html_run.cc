#include "report/html_run.h"

#include <algorithm>
#include <filesystem>
#include <map>

#include <fmt/format.h>

#include "base/strings.h"
#include "report/html_parts.h"
#include "report/html_text.h"
#include "report/ladder_parts.h"
#include "report/ladder_svg.h"

namespace lastack {
namespace {

using html::Short;

// A relative URL of a file.
std::string Url(const std::string& path) {
  std::string url;
  for (const char c : path) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 ||
                       std::string_view("/._-~").find(c) != std::string_view::npos;
    url += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return url;
}

// The evidence folder as seen from the page.
std::string Relative(const PagePlaces& places) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path from = fs::absolute(places.page.empty() ? "x" : places.page, error).parent_path();
  const fs::path to = fs::absolute(places.evidence, error).lexically_normal();
  const fs::path relative = to.lexically_relative(from.lexically_normal());
  return relative.empty() ? to.string() : relative.string();
}

const char* ChipClass(Verdict verdict) {
  switch (verdict) {
    case Verdict::kPass:
    case Verdict::kSkip:
      return "ok";
    case Verdict::kInconclusive:
      return "unsure";
    case Verdict::kFail:
    case Verdict::kError:
      return "bad";
  }
  return "";
}

class RunDrawing {
 public:
  RunDrawing(const Scenario& scenario,
             const Evidence& evidence,
             const Judgement& judgement,
             const PagePlaces& places)
      : scenario_(scenario),
        evidence_(evidence),
        judgement_(judgement),
        places_(places),
        timeline_(MakeTimeline(scenario, evidence, judgement)),
        ladders_(MakeLadders(timeline_)) {}

  RunPage Draw() {
    RunPage page;
    page.story = Story();
    for (const ClaimRef& claim : scenario_.claims) {
      page.claims.push_back(claim.id);
    }
    Head(page.story);
    Chips();
    for (size_t i = 0; i < ladders_.ladders.size(); ++i) {
      DrawLadder(i);
    }
    body_ +=
        "<p class=\"meta\">Arrows run from the time at the sender's tap to the time at the "
        "receiver's. #n: the number "
        "in the sender's capture; at the arrowhead the receiver's, where it differs. :n: the line "
        "in the "
        "scenario. k: a state that only the kernel witness saw.</p>";
    body_ += html::GroupTable(ladders_);
    body_ += "<h4>" + EscapeHtml(scenario_.title) + "</h4><p class=\"about\">" +
             EscapeHtml(scenario_.about) + "</p>";
    body_ += html::Expectations(scenario_, judgement_, timeline_, ladders_);
    body_ += html::Machine(scenario_, evidence_);
    Files();
    page.body = std::move(body_);
    return page;
  }

 private:
  [[nodiscard]] std::string Story() const {
    const bool one = ladders_.connections == 1 && !ladders_.ladders.front().story.empty();
    return one ? ladders_.ladders.front().story : "";
  }

  void Head(const std::string& story) {
    if (!story.empty()) {
      body_ += "<p class=\"story\">" + EscapeHtml(story) + "</p>";
    }
    if (!judgement_.findings.empty()) {
      const Finding& first = judgement_.findings.front();
      body_ += fmt::format("<p class=\"diff\"><b>First difference</b> ({} witness, {}:{}): {}</p>",
                           ToString(first.witness),
                           EscapeHtml(scenario_.file),
                           first.place.line,
                           EscapeHtml(Describe(first)));
    }
  }

  void Chips() {
    body_ += R"(<ul class="chips" aria-label="witnesses">)";
    Chip("wire", Witness::kWire, judgement_.wire);
    Chip("kernel", Witness::kKernel, judgement_.kernel);
    Chip("app", Witness::kApp, judgement_.app);
    for (const Finding& finding : judgement_.findings) {
      if (finding.witness == Witness::kHarness) {
        body_ += "<li class=\"bad\">✗ harness: " + EscapeHtml(Short(finding.actual)) + "</li>";
        break;
      }
    }
    body_ += "</ul>";
  }

  void Chip(const char* name, Witness witness, const WitnessReport& report) {
    const auto first = std::find_if(judgement_.findings.begin(),
                                    judgement_.findings.end(),
                                    [&](const Finding& one) { return one.witness == witness; });
    const bool fine = first == judgement_.findings.end();
    const int number = static_cast<int>(first - judgement_.findings.begin());
    const std::string blind =
        report.blind_spots.empty() ? "" : "\ncannot see: " + Join(report.blind_spots, "; ");
    body_ +=
        fmt::format(R"(<li class="{}" title="{}">{} {}: {}</li>)",
                    ChipClass(fine ? Verdict::kPass : first->weight),
                    EscapeHtml(report.source + (fine ? "" : "\n" + Describe(*first)) + blind),
                    fine                                      ? "✓"
                    : first->weight == Verdict::kInconclusive ? "?"
                                                              : "✗",
                    name,
                    EscapeHtml(fine ? report.source : Short(ladder::Mismatch(timeline_, number))));
  }

  void DrawLadder(size_t number) {
    const Ladder& ladder = ladders_.ladders[number];
    const std::string id = fmt::format("{}~{}", html::Anchor(scenario_.id), number);
    body_ += "<figure>";
    if (ladders_.connections > 1) {
      body_ += "<figcaption>" + EscapeHtml(ladder.story) + "</figcaption>";
    }
    body_ += DrawSvg(ladder, SvgShape::kWide, id + "w");
    body_ += DrawSvg(ladder, SvgShape::kNarrow, id + "n");
    body_ += "</figure>";
    body_ += html::LadderTable(ladder);
  }

  void Files() {
    const std::string folder = Relative(places_);
    body_ += "<h4>Evidence</h4><ul class=\"files\">";
    for (const Capture& capture : evidence_.captures) {
      const std::string file = capture.host + ".pcapng";
      body_ += fmt::format("<li><a href=\"{}\">{}</a> {} frames</li>",
                           EscapeHtml(Url(folder + "/" + file)),
                           EscapeHtml(file),
                           capture.frames.size());
    }
    for (const char* file : {"events.jsonl", "scenario.json", "result.json", "timeline.json"}) {
      body_ +=
          fmt::format("<li><a href=\"{}\">{}</a></li>", EscapeHtml(Url(folder + "/" + file)), file);
    }
    body_ += fmt::format(
        "</ul><p>Again: <code>lastack run {} --filter '{}'</code></p>"
        "<p>Judge this evidence again: <code>lastack judge {}</code></p>",
        EscapeHtml(scenario_.file),
        EscapeHtml(scenario_.id),
        EscapeHtml(places_.evidence));
  }

  const Scenario& scenario_;
  const Evidence& evidence_;
  const Judgement& judgement_;
  const PagePlaces& places_;
  Timeline timeline_;
  Ladders ladders_;
  std::string body_;
};

}  // namespace

RunPage DrawRun(const Scenario& scenario,
                const Evidence& evidence,
                const Judgement& judgement,
                const PagePlaces& places) {
  return RunDrawing(scenario, evidence, judgement, places).Draw();
}

}  // namespace lastack
