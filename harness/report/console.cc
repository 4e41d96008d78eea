#include "report/console.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>

#include <fmt/format.h>

#include "base/time.h"
#include "report/plain_text.h"
#include "report/result_text.h"

namespace lastack {
namespace {

constexpr int kSlowestShown = 5;
constexpr int kSkipsShown = 5;

std::string Badge(Verdict verdict, bool coloured) {
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
  return coloured ? colour + name + "\033[0m" : name;
}

// Columns of the terminal at stderr, asked each time: it may have been resized.
size_t TerminalWidth() {
  constexpr size_t kUsual = 80;
  winsize size{};
  const bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : kUsual;
}

// The first characters of UTF-8 text, so many that it does not wrap.
std::string Cut(const std::string& text, size_t columns) {
  size_t end = 0;
  for (; end < text.size(); ++end) {
    const bool begins = (static_cast<uint8_t>(text[end]) & 0xC0U) != 0x80U;
    if (begins && columns-- == 0) {
      break;
    }
  }
  return text.substr(0, end);
}

class ConsoleReporter final : public Reporter {
 public:
  explicit ConsoleReporter(const ConsoleOptions& options)
      : options_(options), out_(options.results_to_stderr ? stderr : stdout) {}

  void Begin(const SuiteInfo& suite) override {
    selected_ = suite.selected;
    if (Rewrites() && selected_ > 1) {
      Progress("", "");
    }
  }

  void Finished(const RunResult& result) override {
    ++finished_;
    if (options_.verbosity < 0) {
      return;
    }
    const std::string badge = Badge(result.verdict, options_.progress_colour);
    const std::string what =
        fmt::format(" {} ({})", OneLine(result.id), FormatDuration(result.duration));
    if (!Rewrites()) {
      fmt::print(stderr, "{}{}\n", badge, what);
    } else {
      if (!IsFine(result)) {  // stays to be seen
        fmt::print(stderr, "\r\033[K{}{}\n", badge, what);
      }
      Progress(std::string(ToString(result.verdict)), what);
    }
    std::fflush(stderr);
  }

  Status End(const std::vector<RunResult>& results, Duration wall) override {
    if (Rewrites()) {
      fmt::print(stderr, "\r\033[K");
      std::fflush(stderr);
    }
    for (const RunResult& result : results) {
      Details(result);
    }
    Skips(results);
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
  [[nodiscard]] bool Rewrites() const { return options_.rewrite && options_.verbosity == 0; }

  // The one line that is rewritten; without colour, which would have to be cut around.
  void Progress(const std::string& verdict, const std::string& what) const {
    const std::string of = selected_ == 0 ? "" : fmt::format("/{}", selected_);
    const std::string line = fmt::format("[{}{}] {}{}", finished_, of, verdict, what);
    fmt::print(stderr, "\r\033[K{}", Cut(line, TerminalWidth() - 1));
    std::fflush(stderr);
  }

  void Details(const RunResult& result) const {
    if (!IsFine(result) || options_.show_ladder) {
      fmt::print(out_,
                 "\n{} {}\n{}",
                 Badge(result.verdict, options_.results_colour),
                 OneLine(result.id),
                 PlainText(DetailsText(result)));
    }
    if (!result.enter.empty()) {
      fmt::print(out_, "{}", result.enter);
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
      fmt::print(out_, "skipped {}: {}\n", ids.size(), OneLine(reason));
      if (options_.verbosity < 0) {
        continue;
      }
      for (size_t i = 0; i < std::min<size_t>(ids.size(), kSkipsShown); ++i) {
        fmt::print(out_, "  {}\n", OneLine(ids[i]));
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
      fmt::print(out_, "  {:>10}  {}\n", FormatDuration(result->duration), OneLine(result->id));
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
