// What the relay does with each frame: pure, so that every rule can be tested without a network.
//
// A frame goes in with the host that sent it and the time; what is to be sent on and what was
// decided comes out, in order. A frame that goes on passes the link's delay last. Frames that are
// not TCP match no rule. Times are CLOCK_MONOTONIC; hosts are counted 0 and 1, and what one has
// sent goes to the other.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "scenario/model.h"
#include "wire/inject.h"
#include "wire/match.h"
#include "wire/rules.h"
#include "wire/tracked.h"

namespace lastack {

enum class DecisionKind { kDropped, kHeld, kReleased, kDuplicated, kInjected, kCut };
[[nodiscard]] std::string_view ToString(DecisionKind kind);

struct Decision {
  int64_t t_ns = 0;
  std::string rule;  // empty: no rule's, but the link's or the runner's
  DecisionKind what = DecisionKind::kDropped;
  size_t from = 0;
  Segment segment;
  std::string icmp;  // what was injected is this ICMP error
};

struct OutgoingFrame {
  size_t to = 0;
  std::vector<uint8_t> bytes;
};

// What comes out, in order; the engine appends.
struct Effects {
  std::vector<OutgoingFrame> frames;
  std::vector<Decision> decisions;
};

class Engine {
 public:
  explicit Engine(HostNames hosts) : hosts_(hosts), rules_(std::move(hosts), &tracker_) {}
  Engine(const Engine&) = delete;  // its rules point to its tracker
  Engine& operator=(const Engine&) = delete;
  Engine(Engine&&) = delete;
  Engine& operator=(Engine&&) = delete;
  ~Engine() = default;

  void OnFrame(size_t from, std::span<const uint8_t> frame, int64_t now_ns, Effects* out);
  // Lets go on what is due. To be called at NextDueNs.
  void OnTime(int64_t now_ns, Effects* out);
  [[nodiscard]] std::optional<int64_t> NextDueNs() const;

  // Of frames that come from now on; none overtakes one that is under way.
  void SetDelay(Duration by) { delay_ = by; }
  // Errors: kScenario, as RuleSet says.
  [[nodiscard]] Status Add(const std::vector<WireRule>& rules) { return rules_.Add(rules); }
  [[nodiscard]] Status Remove(const std::string& name, int64_t now_ns, Effects* out);
  [[nodiscard]] Status Release(const std::string& name, int64_t now_ns, Effects* out);
  void BeginStep(int step, int64_t now_ns, Effects* out);
  // From now on every frame is lost, and what is held or under way. Lost frames match no rule and
  // fulfil no `sees`.
  void Cut(int64_t now_ns, Effects* out);
  void Mend() { cut_ = false; }
  void NameConnection(const std::string& name, AddressPair pair, int64_t now_ns, Effects* out);
  // Passes the link's delay, but no rule. Errors: as MakeFrame; kSystem if there is no such
  // connection, or if the link is cut.
  [[nodiscard]] Result<Decision> Inject(const InjectRequest& request, int64_t now_ns, Effects* out);

  [[nodiscard]] std::map<std::string, int64_t> Counts() const { return rules_.Counts(); }
  [[nodiscard]] const HostNames& hosts() const { return hosts_; }

 private:
  struct UnderWay {
    int64_t due_ns = 0;
    std::vector<uint8_t> frame;
  };

  // Sends a frame of host `from` on.
  void GoOn(size_t from, std::vector<uint8_t> frame, int64_t now_ns, Effects* out);
  void LetGo(std::vector<HeldSegment> segments, int64_t now_ns, Effects* out);
  void LetGoEnded(int64_t now_ns, Effects* out) { LetGo(rules_.TakeEnded(), now_ns, out); }
  void Obey(const Taken& taken, Decision decision, std::vector<uint8_t> frame, Effects* out);

  HostNames hosts_;
  Tracker tracker_;
  RuleSet rules_;
  Duration delay_{};
  bool cut_ = false;
  std::array<std::deque<UnderWay>, 2> under_way_;  // by the host that sent them
};

}  // namespace lastack
