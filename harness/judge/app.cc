#include "judge/app.h"

#include <algorithm>
#include <variant>

#include <fmt/format.h>

#include "base/overloaded.h"
#include "base/strings.h"
#include "judge/stall.h"

namespace lastack {
namespace {

// Whether the call did all that it was asked to do.
bool Succeeded(const CallStep& step, const CallResult& result) {
  if (!result.error.empty()) {
    return false;
  }
  const int64_t value = result.value.value_or(0);
  switch (step.call) {
    case Call::kSend:
      return step.until_full || value == step.bytes.value_or(value);
    case Call::kRecv:
      if (step.until_eof) {
        return result.eof;
      }
      return step.bytes ? value == *step.bytes : value > 0;
    case Call::kPoll:
      return value > 0;
    case Call::kBind:
    case Call::kListen:
    case Call::kConnect:
    case Call::kAccept:
    case Call::kShutdown:
    case Call::kClose:
    case Call::kDisconnect:
    case Call::kSet:
    case Call::kGet:
    case Call::kDup:
    case Call::kFork:
    case Call::kPass:
    case Call::kExit:
      return true;
  }
  return false;
}

bool IsEof(const CallStep& step, const CallResult& result) {
  return step.call == Call::kRecv && result.error.empty() &&
         (result.eof || result.value.value_or(1) == 0);
}

// The word of one result in a count: "ok", "eof" or an errno name.
std::string Class(const CallStep& step, const CallResult& result) {
  if (!result.error.empty()) {
    return result.error;
  }
  if (Succeeded(step, result)) {
    return "ok";
  }
  return IsEof(step, result) ? "eof" : "short";
}

std::string DescribeError(const CallResult& result) {
  const std::string call = result.failed_call.empty() ? "" : " from " + result.failed_call;
  const std::string moved =
      result.value.value_or(0) > 0 ? fmt::format(" after {} bytes", *result.value) : "";
  return result.error + call + moved;
}

std::string DescribeBytes(const CallStep& step, const CallResult& result) {
  if (!step.until_eof && IsEof(step, result)) {
    return "eof";
  }
  const std::string end = result.eof ? ", then eof" : ", no eof";
  return fmt::format("{} bytes{}", result.value.value_or(0), step.until_eof ? end : "");
}

std::string DescribeOne(const CallStep& step, const CallResult& result) {
  if (!result.error.empty()) {
    return DescribeError(result);
  }
  if (step.call == Call::kPoll) {
    return result.events.empty() ? "timeout" : "[" + Join(result.events, ", ") + "]";
  }
  if (step.call == Call::kSend || step.call == Call::kRecv) {
    return DescribeBytes(step, result);
  }
  return step.call == Call::kGet ? std::to_string(result.value.value_or(0)) : "ok";
}

std::map<std::string, int64_t> CountClasses(const CallStep& step, const CallEnd& end) {
  std::map<std::string, int64_t> counts;
  for (const CallResult& result : end.results) {
    ++counts[Class(step, result)];
  }
  return counts;
}

bool CountsFit(const Counts& expected, const std::map<std::string, int64_t>& counts) {
  const bool listed = std::all_of(counts.begin(), counts.end(), [&](const auto& count) {
    return expected.of.contains(count.first);
  });
  return listed && std::all_of(expected.of.begin(), expected.of.end(), [&](const auto& entry) {
           const auto found = counts.find(entry.first);
           return entry.second.Contains(found == counts.end() ? 0 : found->second);
         });
}

bool Fits(const CallStep& step, const Outcome& outcome, const CallEnd& end) {
  const auto all = [&](const auto& predicate) {
    return !end.results.empty() && std::all_of(end.results.begin(), end.results.end(), predicate);
  };
  return std::visit(
      Overloaded{
          [&](const Success&) {
            return end.exited || all([&](const auto& r) { return Succeeded(step, r); });
          },
          [&](const Value& value) {
            return all([&](const CallResult& r) {
              const bool whole = !step.until_eof || r.eof;
              return whole && r.error.empty() && value.range.Contains(r.value.value_or(0));
            });
          },
          [&](const ErrnoIs& expected) {
            return all([&](const CallResult& r) { return r.error == expected.name; });
          },
          [&](const Eof&) { return all([&](const auto& r) { return IsEof(step, r); }); },
          [&](const Killed&) { return end.killed; },
          [&](const Events& events) {
            return all([&](const CallResult& r) {
              auto got = r.events;
              auto want = events.names;
              std::sort(got.begin(), got.end());
              std::sort(want.begin(), want.end());
              return r.error.empty() && got == want;
            });
          },
          [&](const Counts& counts) { return CountsFit(counts, CountClasses(step, end)); },
      },
      outcome);
}

Finding AppFinding(std::string expected, std::string actual, const Place& place) {
  return {.witness = Witness::kApp,
          .expected = std::move(expected),
          .actual = std::move(actual),
          .place = place};
}

std::string Expectation(const CallStep& step) {
  const Outcome& outcome = step.expected.outcome;
  if (step.call == Call::kRecv && std::holds_alternative<Success>(outcome)) {
    if (step.until_eof) {
      return "eof";
    }
    return step.bytes ? fmt::format("{} bytes", *step.bytes) : "data";
  }
  if (step.call == Call::kSend && step.bytes && std::holds_alternative<Success>(outcome)) {
    return fmt::format("{} bytes", *step.bytes);
  }
  return ToString(outcome);
}

}  // namespace

std::string Describe(const CallStep& step, const CallEnd& end) {
  if (end.timed_out) {  // an async call has until the end of the run, which may come sooner
    return step.async.empty() ? "no return within " + FormatDuration(step.within)
                              : "no return until the run ended";
  }
  if (end.killed) {
    return "killed";
  }
  if (end.exited) {
    return "exit";
  }
  if (end.results.size() == 1) {
    return DescribeOne(step, end.results.front());
  }
  std::vector<std::string> parts;
  for (const auto& [name, count] : CountClasses(step, end)) {
    parts.push_back(fmt::format("{}: {}", name, count));
  }
  return "{" + Join(parts, ", ") + "}";
}

std::optional<Finding> CheckCall(const CallStep& step, const CallEnd& end) {
  const std::string name = step.peer + " " + std::string(ToString(step.call));
  if (end.timed_out || !Fits(step, step.expected.outcome, end)) {
    return AppFinding(name + ": " + Expectation(step), Describe(step, end), step.expected.place);
  }
  return std::nullopt;
}

std::optional<Finding> CheckRebind(const RebindStep& step, const Rebound& rebound) {
  const Outcome& outcome = step.expected.outcome;
  const bool wants_error = std::holds_alternative<ErrnoIs>(outcome);
  const bool fits =
      wants_error ? std::get<ErrnoIs>(outcome).name == rebound.error : rebound.error.empty();
  if (fits) {
    return std::nullopt;
  }
  const std::string actual =
      rebound.error.empty() ? "success" : rebound.error + " from " + rebound.failed_call;
  return AppFinding(fmt::format("rebind {} ({}): {}",
                                ToString(rebound.address),
                                rebound.options,
                                wants_error ? std::get<ErrnoIs>(outcome).name : "success"),
                    actual,
                    step.expected.place);
}

std::optional<Finding> CheckCounters(const CounterStep& step,
                                     const Place& place,
                                     const std::map<std::string, int64_t>& before,
                                     const std::map<std::string, int64_t>& after) {
  for (const auto& [name, range] : step.expected) {
    const auto was = before.find(name);
    const auto is = after.find(name);
    if (was == before.end() || is == after.end()) {
      return Finding{.witness = Witness::kHarness,
                     .weight = Verdict::kError,
                     .actual = "counter " + name + " was not read at host " + step.host,
                     .place = place};
    }
    if (!range.Contains(is->second - was->second)) {
      Finding finding = AppFinding(fmt::format("{} {} +{}", step.host, name, ToString(range)),
                                   fmt::format("+{}", is->second - was->second),
                                   place);
      finding.witness = Witness::kKernel;
      return finding;
    }
  }
  return std::nullopt;
}

std::optional<Finding> CheckTook(const std::optional<Range<Duration>>& range,
                                 const Place& place,
                                 Duration took,
                                 const ProbeRead* probe) {
  if (!range || range->Contains(took)) {
    return std::nullopt;
  }
  Finding finding = AppFinding("took " + ToString(*range), FormatDuration(took), place);
  const Duration excess = took - range->max;
  if (probe != nullptr && excess.count() > 0 && probe->value > probe->margin &&
      excess <= probe->value) {
    finding.weight = Verdict::kInconclusive;
    finding.note = Describe(*probe);
  }
  return finding;
}

std::string ToString(const Range<Duration>& range) {
  return FormatDuration(range.min) + ".." + FormatDuration(range.max);
}

std::string ToString(const Range<int64_t>& range) {
  return range.min == range.max ? std::to_string(range.min)
                                : fmt::format("{}..{}", range.min, range.max);
}

}  // namespace lastack
