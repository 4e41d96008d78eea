#include "judge/sequence.h"

#include <algorithm>

#include <fmt/format.h>

namespace lastack {
namespace {

// How long a segment that does two things may take for them.
constexpr Duration kOneSegment = std::chrono::milliseconds(1);

}  // namespace

bool IsOpening(State state) {
  return state == State::kListen || state == State::kSynSent || state == State::kSynReceived;
}

bool PassesThrough(const std::vector<KernelTransition>& life, size_t index) {
  return index > 0 && index + 1 < life.size() && life[index].to == State::kFinWait2 &&
         life[index - 1].to == State::kFinWait1 && life[index + 1].to == State::kTimeWait &&
         life[index + 1].t_ns - life[index].t_ns <= kOneSegment.count();
}

std::optional<Finding> CheckSequence(const ExpectedStates& expected,
                                     const std::string& endpoint,
                                     const KernelLife& life) {
  const std::vector<KernelTransition>& got = life.transitions;
  const std::vector<State>& want = expected.states;
  const auto is_listed = [&](State state) { return std::ranges::find(want, state) != want.end(); };
  size_t next = 0;
  const auto finding = [&](const std::string& saw, int64_t event) {
    std::vector<State> all;
    std::ranges::transform(got, std::back_inserter(all), &KernelTransition::to);
    return Finding{.witness = Witness::kKernel,
                   .expected = endpoint + " " + ToString(want),
                   .actual = fmt::format("{} (traced: {})", saw, ToString(all)),
                   .place = next < expected.places.size() ? expected.places[next] : expected.place,
                   .events = {event}};
  };
  for (size_t i = 0; i < got.size(); ++i) {
    const State state = got[i].to;
    const bool before = next == 0 && IsOpening(state) && want.front() != state;
    const bool passed = PassesThrough(got, i) && !is_listed(State::kFinWait2);
    if (before || passed) {
      continue;
    }
    while (next < want.size() && want[next] != state && IsOpening(want[next])) {
      ++next;
    }
    if (next == want.size() || want[next] != state) {
      return finding(std::string(ToString(state)), got[i].event);
    }
    ++next;
  }
  while (next < want.size() && IsOpening(want[next])) {
    ++next;
  }
  if (next < want.size()) {
    return finding(fmt::format("no {}", ToString(want[next])), got.empty() ? 0 : got.back().event);
  }
  return std::nullopt;
}

}  // namespace lastack
