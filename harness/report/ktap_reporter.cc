#include "report/ktap_reporter.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/strings.h"
#include "report/plain_text.h"
#include "report/report_file.h"
#include "report/result_text.h"

namespace lastack {
namespace {

// A '#' would end the name. That of a repetition becomes what its evidence folder has.
std::string Name(const RunResult& result) {
  std::string name = OneLine(result.id);
  std::replace(name.begin(), name.end(), '#', '/');
  return name;
}

std::string Diagnostics(const RunResult& result) {
  std::string text;
  const std::vector<std::string> lines = Split(PlainText(DetailsText(result)), '\n');
  for (const std::string& line : lines) {
    if (&line != &lines.back()) {  // empty: after the last line feed
      text += line.empty() ? "#\n" : "# " + line + "\n";
    }
  }
  return text;
}

std::string Lines(const RunResult& result, size_t number) {
  const auto line = [&](const char* status, const std::string& directive) {
    return fmt::format("{} {} {}{}\n", status, number, Name(result), directive);
  };
  switch (result.verdict) {
    case Verdict::kPass:
      return line("ok", "");
    case Verdict::kSkip:
      return line("ok", " # SKIP " + OneLine(result.headline));
    case Verdict::kFail:
      return Diagnostics(result) + line("not ok", "");
    case Verdict::kError:
      return Diagnostics(result) + line("not ok", " # ERROR " + OneLine(result.headline));
    case Verdict::kInconclusive:
      return Diagnostics(result) +
             line("not ok", " # ERROR inconclusive: " + OneLine(result.headline));
  }
  return "";
}

class KtapReporter final : public Reporter {
 public:
  explicit KtapReporter(std::string path) : path_(std::move(path)) {}

  Status End(const std::vector<RunResult>& results, Duration /*wall*/) override {
    std::string text = fmt::format("KTAP version 1\n1..{}\n", results.size());
    size_t number = 0;
    for (const RunResult& result : results) {
      text += Lines(result, ++number);
    }
    const Totals totals = CountVerdicts(results);
    text += fmt::format("# Totals: pass:{} fail:{} xfail:0 xpass:0 skip:{} error:{}\n",
                        totals.passed,
                        totals.failed,
                        totals.skipped,
                        totals.errors + totals.inconclusive);
    return WriteReport(path_, text);
  }

 private:
  std::string path_;
};

}  // namespace

std::unique_ptr<Reporter> MakeKtapReporter(const std::string& path) {
  return std::make_unique<KtapReporter>(path);
}

}  // namespace lastack
