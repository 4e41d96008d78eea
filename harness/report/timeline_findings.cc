#include "report/timeline_findings.h"

#include <algorithm>
#include <map>
#include <type_traits>

#include "base/strings.h"
#include "tcp/state.h"

namespace lastack {
namespace {

// The step that an event belongs to; nothing of those that belong to the run as a whole.
std::optional<int> StepOf(const Event& event) {
  return std::visit(
      [](const auto& data) -> std::optional<int> {
        if constexpr (requires { data.step; }) {
          return data.step;
        }
        return std::nullopt;
      },
      event.data);
}

class Attaching {
 public:
  Attaching(const Evidence& evidence, Timeline* timeline) : timeline_(timeline) {
    for (const Event& event : evidence.events) {
      if (const auto step = StepOf(event)) {
        step_of_[event.id] = *step;
      }
    }
  }

  // Findings about states begin with the endpoint: "client in TIME-WAIT at the end".
  static std::string EndpointOf(const Finding& finding) {
    return finding.expected.substr(0, finding.expected.find(' '));
  }

  void Attach(const Finding& finding, int number) {
    const bool attached = ToStates(finding, number) || ToSegments(finding, number) ||
                          ToCalls(finding, number) || ToLane(finding, number);
    timeline_->findings[static_cast<size_t>(number)].attached = attached;
  }

 private:
  static bool Contains(const std::vector<int64_t>& ids, int64_t id) {
    return id != 0 && std::find(ids.begin(), ids.end(), id) != ids.end();
  }

  template <typename Visit>
  void VisitEnds(const std::string& name, const Visit& visit) {
    for (TimelineConnection& connection : timeline_->connections) {
      for (TimelineEndpoint& end : connection.ends) {
        if (end.name == name) {
          visit(&end);
        }
      }
    }
  }

  // A state that this endpoint should not have had.
  bool ToStates(const Finding& finding, int number) {
    bool attached = false;
    VisitEnds(EndpointOf(finding), [&](TimelineEndpoint* end) {
      for (TimelineState& state : end->states) {
        const bool rests =
            state.kernel ? Contains(finding.events, state.event)
                         : Contains(finding.packets, state.packet) &&
                               finding.actual.compare(0, state.state.size(), state.state) == 0;
        if (rests && state.finding == kNoFinding && !attached) {
          attached = true;
          Shorten(finding, *end, state, number);
          state.finding = IsMarked(*end, finding.place.line) ? kNoFinding : number;
        }
      }
    });
    return attached;
  }

  // Has the other witness led to the same mark already?
  [[nodiscard]] bool IsMarked(const TimelineEndpoint& end, int line) const {
    return std::any_of(end.states.begin(), end.states.end(), [&](const TimelineState& state) {
      return state.finding != kNoFinding &&
             timeline_->findings[static_cast<size_t>(state.finding)].line == line;
    });
  }

  // Of a whole sequence that was expected, the one state that should have been this one.
  void Shorten(const Finding& finding,
               const TimelineEndpoint& end,
               const TimelineState& wrong,
               int number) {
    const std::string list = finding.expected.substr(EndpointOf(finding).size());
    std::vector<std::string> wanted;
    for (const std::string& word : Split(list, ',')) {
      wanted.push_back(word.substr(std::min(word.size(), word.find_first_not_of(' '))));
      if (!StateFromString(wanted.back())) {
        return;  // it names one state already
      }
    }
    size_t next = 0;
    for (const TimelineState& state : end.states) {
      if (&state == &wrong) {
        break;
      }
      const auto found = std::find(wanted.begin(), wanted.end(), state.state);
      if (state.kernel == wrong.kernel && found != wanted.end()) {
        next = static_cast<size_t>(found - wanted.begin()) + 1;
      }
    }
    TimelineFinding& text = timeline_->findings[static_cast<size_t>(number)];
    text.want = next < wanted.size() ? wanted[next] : "nothing after " + wanted.back();
    text.got = wrong.state;
  }

  bool ToSegments(const Finding& finding, int number) {
    bool attached = false;
    for (TimelineEntry& entry : timeline_->entries) {
      const bool by_sender = finding.host.empty() || finding.host == entry.host;
      const bool by_receiver = finding.host.empty() || finding.host != entry.host;
      const bool named = entry.kind == TimelineEntry::Kind::kSegment &&
                         ((by_sender && Contains(finding.packets, entry.sent_packet)) ||
                          (by_receiver && Contains(finding.packets, entry.received_packet)));
      entry.marked = entry.marked || named;
      if (named && entry.finding == kNoFinding && !attached) {
        entry.finding = number;
        attached = true;
      }
    }
    return attached;
  }

  // A call, rebind or event of the step whose events the finding rests on.
  bool ToCalls(const Finding& finding, int number) {
    for (TimelineEntry& entry : timeline_->entries) {
      const bool call =
          entry.kind == TimelineEntry::Kind::kCall || entry.kind == TimelineEntry::Kind::kEvent;
      const bool same_step =
          entry.step >= 0 &&
          std::any_of(finding.events.begin(), finding.events.end(), [&](auto id) {
            const auto step = step_of_.find(id);
            return step != step_of_.end() && step->second == entry.step;
          });
      if (call && same_step && entry.finding == kNoFinding) {
        entry.finding = number;
        entry.marked = true;
        return true;
      }
    }
    return false;
  }

  // What an endpoint was waited to be in, and was not: the state that it had then, which is its
  // last, since the run ends there.
  bool ToLane(const Finding& finding, int number) {
    if (finding.witness != Witness::kKernel) {
      return false;
    }
    bool attached = false;
    VisitEnds(EndpointOf(finding), [&](TimelineEndpoint* end) {
      TimelineState* last = nullptr;
      for (TimelineState& state : end->states) {
        const bool same = finding.actual.compare(0, state.state.size(), state.state) == 0;
        last = same && (last == nullptr || !state.kernel) ? &state : last;
      }
      if (last != nullptr && last->finding == kNoFinding && !attached) {
        last->finding = number;
        attached = true;
      }
    });
    return attached;
  }

  Timeline* timeline_;
  std::map<int64_t, int> step_of_;
};

}  // namespace

void AttachFindings(const Evidence& evidence, const Judgement& judgement, Timeline* timeline) {
  Attaching attaching(evidence, timeline);
  for (const Finding& finding : judgement.findings) {
    timeline->findings.push_back({.want = finding.expected,
                                  .got = finding.actual,
                                  .line = finding.place.line,
                                  .endpoint = Attaching::EndpointOf(finding)});
    attaching.Attach(finding, static_cast<int>(timeline->findings.size()) - 1);
  }
}

}  // namespace lastack
