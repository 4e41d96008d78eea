#include "report/junit_reporter.h"

#include <array>
#include <ctime>
#include <map>
#include <set>

#include <fmt/format.h>

#include "base/markup.h"
#include "base/time.h"
#include "report/plain_text.h"
#include "report/report_file.h"
#include "report/result_text.h"

namespace lastack {
namespace {

std::string Escaped(std::string_view text) {
  return EscapeMarkup(PlainText(text));
}

// A parser turns line feeds and tabs in attributes into spaces unless they are written so.
std::string Attribute(const std::string& name, std::string_view value) {
  std::string escaped;
  for (const char c : Escaped(value)) {
    escaped += c == '\n' ? "&#10;" : c == '\t' ? "&#9;" : std::string(1, c);
  }
  return fmt::format(" {}=\"{}\"", name, escaped);
}

std::string Seconds(Duration duration) {
  return fmt::format("{:.3f}", std::chrono::duration<double>(duration).count());
}

std::string Timestamp(int64_t realtime_ns) {
  constexpr int64_t kNsPerSecond = 1'000'000'000;
  const std::time_t seconds = realtime_ns / kNsPerSecond;
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &utc);
  return text.data();
}

std::string Counts(const Totals& totals, Duration time) {
  const int all =
      totals.passed + totals.failed + totals.inconclusive + totals.errors + totals.skipped;
  return fmt::format(R"( tests="{}" failures="{}" errors="{}" time="{}")",
                     all,
                     totals.failed,
                     totals.errors + totals.inconclusive,
                     Seconds(time));
}

// <failure>, <error> or <skipped>; nothing for a PASS.
std::string Outcome(const RunResult& result) {
  const auto element = [&](const char* name, const std::string& text) {
    return fmt::format("      <{}{}{}>{}</{}>\n",
                       name,
                       Attribute("type", ToString(result.verdict)),
                       Attribute("message", result.headline),
                       Escaped(text),
                       name);
  };
  switch (result.verdict) {
    case Verdict::kPass:
      return "";
    case Verdict::kFail:
      return element("failure", DetailsText(result));
    case Verdict::kError:
    case Verdict::kInconclusive:
      return element("error", DetailsText(result));
    case Verdict::kSkip:
      return element("skipped", result.hint);
  }
  return "";
}

std::string Output(const RunResult& result) {
  if (result.evidence.empty()) {
    return "";
  }
  std::string text = "evidence: " + result.evidence + "\n";
  for (const std::string& capture : result.captures) {
    text += "[[ATTACHMENT|" + ShortPath(capture) + "]]\n";
  }
  return "      <system-out>" + Escaped(text) + "</system-out>\n";
}

class JunitReporter final : public Reporter {
 public:
  explicit JunitReporter(std::string path) : path_(std::move(path)) {}

  void Begin(const SuiteInfo& suite) override {
    kernel_ = suite.kernel;
    begin_ns_ = RealtimeNs();
  }

  Status End(const std::vector<RunResult>& results, Duration wall) override {
    const Totals totals = CountVerdicts(results);
    std::string text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
    text += "<testsuites name=\"lastack\"" + Counts(totals, wall) + ">\n";
    text += "  <testsuite name=\"lastack\"" + Counts(totals, wall) +
            fmt::format(" skipped=\"{}\"", totals.skipped) +
            Attribute("timestamp", Timestamp(begin_ns_)) + ">\n";
    text += "    <properties>\n      <property name=\"kernel\"" + Attribute("value", kernel_) +
            "/>\n    </properties>\n";
    for (const RunResult& result : results) {
      text += TestCase(result);
    }
    text += "  </testsuite>\n</testsuites>\n";
    return WriteReport(path_, text);
  }

 private:
  std::string TestCase(const RunResult& result) {
    const std::string open = "    <testcase" + Attribute("classname", FamilyOf(result)) +
                             Attribute("name", UniqueName(result)) +
                             Attribute("time", Seconds(result.duration)) +
                             Attribute("file", ShortPath(result.file)) +
                             Attribute("line", std::to_string(LineOf(result)));
    const std::string inside = Outcome(result) + Output(result);
    return inside.empty() ? open + "/>\n" : open + ">\n" + inside + "    </testcase>\n";
  }

  // GitLab counts only the first of two cases with the same name: the same file given twice.
  std::string UniqueName(const RunResult& result) {
    const std::string family = PlainText(FamilyOf(result));
    const std::string name = PlainText(NameOf(result));
    std::string unique = name;
    for (int number = 2; !names_.insert(family + '\0' + unique).second; ++number) {
      unique = fmt::format("{} ({})", name, number);
    }
    return unique;
  }

  std::string path_;
  std::string kernel_;
  int64_t begin_ns_ = 0;
  std::set<std::string> names_;
};

}  // namespace

std::unique_ptr<Reporter> MakeJunitReporter(const std::string& path) {
  return std::make_unique<JunitReporter>(path);
}

}  // namespace lastack
