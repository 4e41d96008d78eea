#include "report/html_page.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/strings.h"
#include "record/store.h"
#include "report/html_parts.h"
#include "report/html_text.h"
#include "report/ladder_svg.h"

namespace lastack {
namespace {

// Beyond this many bytes of drawings a run that passed is listed without its ladder: the page has
// to open at once.
constexpr size_t kBodyBudget = 20U << 20U;

std::string FamilyOf(const std::string& id) {
  const size_t slash = id.rfind('/');
  return slash == std::string::npos ? "other" : id.substr(0, slash);
}

bool IsFine(Verdict verdict) {
  switch (verdict) {
    case Verdict::kPass:
    case Verdict::kSkip:
      return true;
    case Verdict::kInconclusive:
    case Verdict::kFail:
    case Verdict::kError:
      return false;
  }
  return false;
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) {
    return static_cast<char>(std::tolower(c));
  });
  return lower;
}

class Page {
 public:
  Page(const std::string& kernel, const std::vector<RunResult>& results, Duration wall)
      : kernel_(kernel), results_(results), wall_(wall) {}

  std::string Draw() {
    ChooseBodies();
    Head();
    if (results_.size() > 1) {
      Troubles();
      Filters();
    }
    std::map<std::string, std::vector<size_t>> families;
    for (size_t i = 0; i < results_.size(); ++i) {
      families[FamilyOf(results_[i].id)].push_back(i);
    }
    page_ += "<main>";
    for (const auto& [family, members] : families) {
      Family(family, members);
    }
    page_ +=
        "<p id=\"none\" hidden>Nothing matches these filters.</p></main>\n<div id=\"tip\" "
        "role=\"tooltip\" hidden></div>\n<script>";
    page_ += PageScript();
    page_ += "</script>\n</body></html>\n";
    return std::move(page_);
  }

 private:
  // Those that did not pass first, then in order, as long as the page stays small.
  void ChooseBodies() {
    has_body_.resize(results_.size());
    size_t used = 0;
    for (const bool fine : {false, true}) {
      for (size_t i = 0; i < results_.size(); ++i) {
        const size_t size = results_[i].page.body.size();
        if (IsFine(results_[i].verdict) == fine && used + size <= kBodyBudget) {
          has_body_[i] = size > 0;
          used += size;
        }
      }
    }
  }

  [[nodiscard]] Verdict Worst() const {
    Verdict worst = Verdict::kPass;
    for (const RunResult& result : results_) {
      worst = result.verdict == Verdict::kSkip ? worst : std::max(worst, result.verdict);
    }
    return results_.size() == 1 ? results_.front().verdict : worst;
  }

  static std::string Badge(Verdict verdict) {
    const std::string name(ToString(verdict));
    return fmt::format("<b class=\"badge {}\">{}</b>", Lower(name), name);
  }

  void Head() {
    const bool single = results_.size() == 1;
    const std::string counts = ToString(CountVerdicts(results_));
    const std::string title = single ? results_.front().id : counts;
    page_ +=
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n<meta "
        "name=\"viewport\" "
        "content=\"width=device-width,initial-scale=1\">\n<meta "
        "http-equiv=\"Content-Security-Policy\" "
        "content=\"default-src 'none';img-src data:;style-src 'unsafe-inline';script-src "
        "'unsafe-inline'\">\n<link rel=\"icon\" href=\"data:,\">\n<title>" +
        std::string(ToString(Worst())) + " " + EscapeHtml(title) + " – lastack</title>\n<style>\n";
    page_ += ColourStyle();
    page_ += LadderStyle();
    page_ += PageStyle();
    page_ += single ? "</style></head>\n<body class=\"single\">" : "</style></head>\n<body>";
    const std::string story = single ? results_.front().page.story : title;
    page_ += "<header><h1>" + Badge(Worst()) + " <span>" +
             EscapeHtml(story.empty() ? results_.front().headline : story) + "</span></h1>";
    page_ += "<p class=\"meta\">";
    page_ += single ? EscapeHtml(title) + ", " : "";
    page_ += kernel_.empty() ? "" : "Linux " + EscapeHtml(kernel_);
    page_ += wall_.count() > 0 ? ", took " + FormatDuration(wall_) : "";
    page_ += "</p></header>\n";
  }

  static std::string Choice(const std::string& name,
                            const std::string& label,
                            const std::map<std::string, size_t>& values) {
    std::string text =
        fmt::format(R"(<label>{} <select name="{}"><option value="">all</option>)", label, name);
    for (const auto& [value, count] : values) {
      text += fmt::format("<option value=\"{0}\">{0} ({1})</option>", EscapeHtml(value), count);
    }
    return text + "</select></label>";
  }

  // What did not pass, to go there at once.
  void Troubles() {
    constexpr size_t kMost = 20;
    size_t troubles = 0;
    std::string list;
    for (const RunResult& result : results_) {
      if (!IsFine(result.verdict) && ++troubles <= kMost) {
        list += fmt::format("<li>{} <a href=\"#{}\">{}</a> {}</li>",
                            Badge(result.verdict),
                            html::Anchor(result.id),
                            EscapeHtml(result.id),
                            EscapeHtml(html::Short(result.headline)));
      }
    }
    list += troubles > kMost ? fmt::format("<li>and {} more</li>", troubles - kMost) : "";
    page_ += list.empty() ? "" : "<ul class=\"troubles\">" + list + "</ul>";
  }

  // Shown by the script only, which makes them work.
  void Filters() {
    std::map<std::string, size_t> families;
    std::map<std::string, size_t> verdicts;
    std::map<std::string, size_t> claims;
    for (const RunResult& result : results_) {
      ++families[FamilyOf(result.id)];
      ++verdicts[std::string(ToString(result.verdict))];
      for (const std::string& claim : result.page.claims) {
        ++claims[claim];
      }
    }
    page_ += R"(<form id="filters" role="search" aria-label="filters">)" +
             Choice("family", "family", families) + Choice("verdict", "verdict", verdicts) +
             Choice("claim", "claim", claims) +
             "<label class=\"text\">text <input type=\"search\" name=\"text\" placeholder=\"press "
             "/\"></label>"
             "<button type=\"reset\">reset</button><output name=\"count\" "
             "aria-live=\"polite\"></output></form>\n";
  }

  void Family(const std::string& family, const std::vector<size_t>& members) {
    page_ += "<section>";
    if (results_.size() > 1) {
      size_t passed = 0;
      for (const size_t i : members) {
        passed += results_[i].verdict == Verdict::kPass ? 1 : 0;
      }
      page_ += fmt::format(
          "<h2>{} <small>{} of {} passed</small></h2>", EscapeHtml(family), passed, members.size());
    }
    for (const size_t i : members) {
      Run(results_[i], has_body_[i]);
    }
    page_ += "</section>\n";
  }

  void Run(const RunResult& result, bool has_body) {
    const bool open = results_.size() == 1 || !IsFine(result.verdict);
    const std::string verdict(ToString(result.verdict));
    page_ += fmt::format(
        "<details class=\"run\" id=\"{}\" data-family=\"{}\" data-verdict=\"{}\" "
        "data-claims=\"{}\"{}>",
        html::Anchor(result.id),
        EscapeHtml(FamilyOf(result.id)),
        verdict,
        EscapeHtml(Join(result.page.claims, " ")),
        open ? " open" : "");
    page_ += fmt::format(
        "<summary>{}<span class=\"id\">{}</span><span class=\"head\">{}</span><span "
        "class=\"took\">{}</span></summary>",
        Badge(result.verdict),
        EscapeHtml(result.id),
        EscapeHtml(result.headline),
        result.duration.count() > 0 ? FormatDuration(result.duration) : "");
    page_ += "<div class=\"body\">";
    page_ += "<p class=\"meta\">" + EscapeHtml(result.file);
    page_ += result.place.line == 0 ? "" : fmt::format(":{}", result.place.line);
    page_ +=
        result.page.claims.empty() ? "" : ", claims: " + EscapeHtml(Join(result.page.claims, ", "));
    page_ += "</p>";
    page_ += result.hint.empty() ? "" : "<p class=\"hint\">" + EscapeHtml(result.hint) + "</p>";
    if (has_body) {
      page_ += result.page.body;
    } else if (!result.evidence.empty()) {
      page_ += fmt::format(
          "<p>Not drawn, to keep this page small. Its own page: <code>lastack report {} -o "
          "FILE.html</code></p>",
          EscapeHtml(result.evidence));
    }
    page_ += "</div></details>\n";
  }

  const std::string& kernel_;
  const std::vector<RunResult>& results_;
  Duration wall_;
  std::vector<bool> has_body_;
  std::string page_;
};

class HtmlReporter final : public Reporter {
 public:
  explicit HtmlReporter(std::string path) : path_(std::move(path)) {}

  void Begin(const SuiteInfo& suite) override { kernel_ = suite.kernel; }

  Status End(const std::vector<RunResult>& results, Duration wall) override {
    return WriteFileAtomically(path_, DrawPage(kernel_, results, wall));
  }

 private:
  std::string path_;
  std::string kernel_;
};

}  // namespace

std::string DrawPage(const std::string& kernel,
                     const std::vector<RunResult>& results,
                     Duration wall) {
  return Page(kernel, results, wall).Draw();
}

std::unique_ptr<Reporter> MakeHtmlReporter(const std::string& path) {
  return std::make_unique<HtmlReporter>(path);
}

}  // namespace lastack
