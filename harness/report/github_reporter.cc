#include "report/github_reporter.h"

#include <cerrno>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "report/plain_text.h"
#include "report/result_text.h"

namespace lastack {
namespace {

constexpr int kMostAnnotations = 9;  // GitHub shows ten of a step
constexpr int kMostLadders = 9;      // a summary may have 1 MiB

using Escapes = std::map<char, const char*>;
const Escapes kInText = {{'%', "%25"}, {'\r', "%0D"}, {'\n', "%0A"}};
const Escapes kInProperty = {
    {'%', "%25"}, {'\r', "%0D"}, {'\n', "%0A"}, {':', "%3A"}, {',', "%2C"}};
// In a cell of a table and in the title of a fold.
const Escapes kInMarkdown = {{'&', "&amp;"},
                             {'<', "&lt;"},
                             {'>', "&gt;"},
                             {'|', "\\|"},
                             {'\\', "\\\\"},
                             {'`', "\\`"},
                             {'*', "\\*"},
                             {'_', "\\_"},
                             {'[', "\\["},
                             {'\n', " "}};
const Escapes kInHtml = {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}};

std::string Escape(std::string_view text, const Escapes& escapes) {
  std::string escaped;
  for (const char c : PlainText(text)) {
    const auto found = escapes.find(c);
    escaped += found == escapes.end() ? std::string(1, c) : found->second;
  }
  return escaped;
}

std::string Annotation(const RunResult& result, const std::string& workspace) {
  std::string text = result.headline + "\n" + FindingsText(result);
  if (!result.hint.empty()) {
    text += "hint: " + result.hint + "\n";
  }
  if (!result.evidence.empty()) {
    text += "evidence: " + result.evidence + "\n";
  }
  text += "again: " + AgainCommand(result);
  return fmt::format("::error file={},line={},title={}::{}\n",
                     Escape(ShortPath(result.file, workspace), kInProperty),
                     LineOf(result),
                     Escape(fmt::format("{} {}", ToString(result.verdict), result.id), kInProperty),
                     Escape(text, kInText));
}

std::string Families(const std::vector<RunResult>& results) {
  std::map<std::string, std::vector<RunResult>> families;
  for (const RunResult& result : results) {
    families[FamilyOf(result)].push_back({.verdict = result.verdict});
  }
  std::string text =
      "| family | passed | failed | inconclusive | errors | skipped |\n|---|--:|--:|--:|--:|--:|\n";
  for (const auto& [family, members] : families) {
    const Totals totals = CountVerdicts(members);
    text += fmt::format("| {} | {} | {} | {} | {} | {} |\n",
                        Escape(family, kInMarkdown),
                        totals.passed,
                        totals.failed,
                        totals.inconclusive,
                        totals.errors,
                        totals.skipped);
  }
  return text;
}

std::string NotPassed(const std::vector<RunResult>& results, const std::string& workspace) {
  std::string table;
  std::string ladders;
  int drawn = 0;
  for (const RunResult& result : results) {
    if (result.verdict == Verdict::kPass) {
      continue;
    }
    table += fmt::format("| {} | {} | {} | {}:{} |\n",
                         ToString(result.verdict),
                         Escape(result.id, kInMarkdown),
                         Escape(result.headline, kInMarkdown),
                         Escape(ShortPath(result.file, workspace), kInMarkdown),
                         LineOf(result));
    if (!IsFine(result) && drawn++ < kMostLadders) {
      // The line between lets Markdown take <pre> for itself: it may have empty lines within.
      ladders += fmt::format("\n<details><summary>{} {}</summary>\n\n<pre>\n{}</pre>\n</details>\n",
                             ToString(result.verdict),
                             Escape(result.id, kInHtml),
                             Escape(DetailsText(result), kInHtml));
    }
  }
  if (table.empty()) {
    return "";
  }
  return "\n| verdict | scenario | what | where |\n|---|---|---|---|\n" + table + ladders;
}

Status AppendTo(const std::string& path, const std::string& text) {
  const std::string what = "cannot write the step summary " + path;
  std::FILE* file = std::fopen(path.c_str(), "ae");
  if (file == nullptr) {
    return Fail(SystemError(what, errno));
  }
  const bool written = std::fputs(text.c_str(), file) >= 0;
  const int error = errno;
  if (std::fclose(file) != 0 || !written) {
    return Fail(SystemError(what, written ? errno : error));
  }
  return {};
}

class GithubReporter final : public Reporter {
 public:
  explicit GithubReporter(GithubOptions options) : options_(std::move(options)) {}

  Status End(const std::vector<RunResult>& results, Duration wall) override {
    int bad = 0;
    for (const RunResult& result : results) {
      if (!IsFine(result) && ++bad <= kMostAnnotations) {
        fmt::print(options_.out, "{}", Annotation(result, options_.workspace));
      }
    }
    if (bad > kMostAnnotations) {
      fmt::print(options_.out, "::error title=lastack::and {} more\n", bad - kMostAnnotations);
    }
    std::fflush(options_.out);
    if (options_.summary.empty()) {
      return {};
    }
    return AppendTo(options_.summary,
                    fmt::format("### lastack: {} in {}\n\n{}{}\n",
                                ToString(CountVerdicts(results)),
                                FormatDuration(wall),
                                Families(results),
                                NotPassed(results, options_.workspace)));
  }

 private:
  GithubOptions options_;
};

}  // namespace

std::unique_ptr<Reporter> MakeGithubReporter(const GithubOptions& options) {
  return std::make_unique<GithubReporter>(options);
}

}  // namespace lastack
