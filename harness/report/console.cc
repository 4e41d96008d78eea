#include "report/console.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>

#include <fmt/format.h>

#include "base/time.h"

namespace lastack {
namespace {

constexpr int kSlowestShown = 5;
constexpr int kSkipsShown = 5;

class ConsoleReporter final : public Reporter {
 public:
  explicit ConsoleReporter(const ConsoleOptions& options)
      : options_(options), out_(options.results_to_stderr ? stderr : stdout) {}

  void Begin(const SuiteInfo& suite) override { selected_ = suite.selected; }

  void Finished(const RunResult& result) override {
    ++finished_;
    if (options_.verbosity < 0) {
      return;
    }
    const std::string line = fmt::format(
        "{} {} ({})", Badge(result.verdict), result.id, FormatDuration(result.duration));
    if (options_.rewrite && options_.verbosity == 0) {
      fmt::print(stderr, "\r\033[K[{}/{}] {}", finished_, selected_, line);
    } else {
      fmt::print(stderr, "{}\n", line);
    }
    std::fflush(stderr);
  }

  Status End(const std::vector<RunResult>& results, Duration wall) override {
    if (options_.rewrite && finished_ > 0 && options_.verbosity == 0) {
      fmt::print(stderr, "\r\033[K");
    }
    for (const RunResult& result : results) {
      Details(result);
    }
    if (options_.verbosity >= 0) {
      Skips(results);
    }
    if (options_.verbosity > 0) {
      Slowest(results);
    }
    if (options_.verbosity >= 0 && results.size() > 1) {
      fmt::print(out_, "took {}\n", FormatDuration(wall));
    }
    const bool nothing = results.empty() && selected_ == 0;
    fmt::print(out_, "{}\n", nothing ? "nothing was selected" : ToString(CountVerdicts(results)));
    std::fflush(out_);
    return {};
  }

 private:
  [[nodiscard]] std::string Badge(Verdict verdict) const {
    const char* colour = "";
    switch (verdict) {
      case Verdict::kPass:
        colour = "\033[32m";
        break;
      case Verdict::kFail:
      case Verdict::kError:
        colour = "\033[31m";
        break;
      case Verdict::kInconclusive:
      case Verdict::kSkip:
        colour = "\033[33m";
        break;
    }
    const std::string name(ToString(verdict));
    return options_.colour ? colour + name + "\033[0m" : name;
  }

  void Details(const RunResult& result) const {
    const bool fine = result.verdict == Verdict::kPass || result.verdict == Verdict::kSkip;
    if (!fine || options_.show_ladder) {
      fmt::print(out_, "\n{} {}\n", Badge(result.verdict), result.id);
      fmt::print(out_, "  {}\n", result.headline);
      if (!result.hint.empty()) {
        fmt::print(out_, "  hint: {}\n", result.hint);
      }
      Findings(result);
      if (!result.ladder.empty()) {
        fmt::print(out_, "\n{}\n", result.ladder);
      }
      if (!result.evidence.empty()) {
        fmt::print(out_, "  evidence: {}\n", result.evidence);
      }
      if (!fine) {
        fmt::print(out_, "  again: lastack run {} --filter '{}'\n", result.file, BaseId(result));
      }
    }
    if (!result.enter.empty()) {
      fmt::print(out_, "{}", result.enter);
    }
  }

  static std::string BaseId(const RunResult& result) {
    return result.id.substr(0, result.id.find('#'));
  }

  void Findings(const RunResult& result) const {
    for (const Finding& finding : result.judgement.findings) {
      fmt::print(out_,
                 "  {}:{}: {} witness\n",
                 result.file,
                 finding.place.line,
                 ToString(finding.witness));
      if (finding.witness != Witness::kHarness) {
        fmt::print(out_, "    expected: {}\n", finding.expected);
      }
      fmt::print(out_, "    actual:   {}\n", finding.actual);
      if (!finding.note.empty()) {
        fmt::print(out_, "    note:     {}\n", finding.note);
      }
    }
  }

  void Skips(const std::vector<RunResult>& results) const {
    std::map<std::string, std::vector<std::string>> by_reason;
    for (const RunResult& result : results) {
      if (result.verdict == Verdict::kSkip) {
        const std::string hint = result.hint.empty() ? "" : " (" + result.hint + ")";
        by_reason[result.headline + hint].push_back(result.id);
      }
    }
    for (const auto& [reason, ids] : by_reason) {
      fmt::print(out_, "skipped {}: {}\n", ids.size(), reason);
      for (size_t i = 0; i < std::min<size_t>(ids.size(), kSkipsShown); ++i) {
        fmt::print(out_, "  {}\n", ids[i]);
      }
      if (ids.size() > kSkipsShown) {
        fmt::print(out_, "  … and {} more\n", ids.size() - kSkipsShown);
      }
    }
  }

  void Slowest(const std::vector<RunResult>& results) const {
    std::vector<const RunResult*> order;
    order.reserve(results.size());
    for (const RunResult& result : results) {
      order.push_back(&result);
    }
    std::stable_sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
      return a->duration > b->duration;
    });
    order.resize(std::min<size_t>(order.size(), kSlowestShown));
    fmt::print(out_, "slowest:\n");
    for (const RunResult* result : order) {
      fmt::print(out_, "  {:>10}  {}\n", FormatDuration(result->duration), result->id);
    }
  }

  ConsoleOptions options_;
  std::FILE* out_;
  size_t selected_ = 0;
  size_t finished_ = 0;
};

bool IsSet(const char* variable) {
  const char* value = std::getenv(variable);  // NOLINT(concurrency-mt-unsafe): before threads
  return value != nullptr && *value != '\0';
}

}  // namespace

std::unique_ptr<Reporter> MakeConsoleReporter(const ConsoleOptions& options) {
  return std::make_unique<ConsoleReporter>(options);
}

bool UseColour(const std::string& when, bool is_terminal) {
  if (when != "auto") {
    return when == "always";
  }
  if (IsSet("NO_COLOR")) {
    return false;
  }
  return IsSet("CLICOLOR_FORCE") || is_terminal;
}

}  // namespace lastack
