#include "report/capture_comments.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "report/plain_text.h"

namespace lastack {
namespace {

using FrameKey = std::pair<std::string, int64_t>;  // host, and number in its capture, from 1

struct Reached {
  int connection = -1;
  std::string state;
};

class Commenter {
 public:
  Commenter(const Scenario& scenario, const Timeline& timeline)
      : scenario_(scenario), timeline_(timeline) {
    for (const TimelineEntry& entry : timeline.entries) {
      if (entry.kind == TimelineEntry::Kind::kSegment) {
        Segment(entry);
      }
    }
    Transitions();
  }

  void Add(const Finding& finding) {
    const std::string text = fmt::format("{} {}:{}: {}",
                                         ToString(finding.weight),
                                         scenario_.file,
                                         finding.place.line,
                                         Describe(finding));
    for (const int64_t packet : finding.packets) {
      for (const FrameKey& frame : BothEnds({finding.host, packet})) {
        comments_[frame].push_back(text);
      }
    }
  }

  // Of the frame with this number; those of number 0, which is no frame, are nobody's.
  [[nodiscard]] std::vector<std::string> Of(const std::string& host, int64_t packet) const {
    std::vector<std::string> plain;
    const auto found = comments_.find({host, packet});
    if (found != comments_.end()) {
      std::transform(
          found->second.begin(), found->second.end(), std::back_inserter(plain), PlainText);
    }
    return plain;
  }

 private:
  static FrameKey Sent(const TimelineEntry& entry) { return {entry.host, entry.sent_packet}; }

  [[nodiscard]] FrameKey Received(const TimelineEntry& entry) const {
    const bool loopback = entry.sent_packet != 0 && entry.sent_packet == entry.received_packet &&
                          entry.t_ns == entry.received_ns;
    const auto other = std::find_if(timeline_.ends.begin(),
                                    timeline_.ends.end(),
                                    [&](const TimelineEnd& end) { return end.host != entry.host; });
    return {loopback || other == timeline_.ends.end() ? entry.host : other->host,
            entry.received_packet};
  }

  // The frames of the same segment: as it was sent, and as it was received.
  [[nodiscard]] std::set<FrameKey> BothEnds(const FrameKey& frame) const {
    for (const TimelineEntry& entry : timeline_.entries) {
      const bool segment = entry.kind == TimelineEntry::Kind::kSegment;
      if (segment && (Sent(entry) == frame || Received(entry) == frame)) {
        return {Sent(entry), Received(entry)};
      }
    }
    return {frame};
  }

  void Segment(const TimelineEntry& entry) {
    std::vector<std::string> both;
    if (!entry.pure && entry.step >= 0) {
      const Step& step = scenario_.steps[static_cast<size_t>(entry.step)];
      both.push_back(fmt::format("{}:{}: {}", scenario_.file, step.place.line, step.text));
    }
    if (entry.lost) {
      both.emplace_back("lost on the wire");
    }
    if (entry.injected) {
      both.emplace_back("injected by the wire");
    }
    if (!entry.reason.empty()) {
      both.push_back("reason: " + entry.reason);
    }
    if (!both.empty()) {
      comments_[Sent(entry)] = both;
      comments_[Received(entry)] = both;
    }
    if (!entry.sender_state.empty()) {
      reached_[Sent(entry)] = {entry.connection, entry.sender_state};
    }
    if (!entry.receiver_state.empty()) {
      reached_[Received(entry)] = {entry.connection, entry.receiver_state};
    }
  }

  // In the order of each capture, so that the state before is known.
  void Transitions() {
    std::map<std::pair<std::string, int>, std::string> before;
    for (const auto& [frame, reached] : reached_) {
      const std::string& host = frame.first;
      std::string& last = before[{host, reached.connection}];
      const std::string from = last.empty() ? "" : ": " + last;
      comments_[frame].push_back(host + from + " → " + reached.state);
      last = reached.state;
    }
  }

  const Scenario& scenario_;
  const Timeline& timeline_;
  std::map<FrameKey, std::vector<std::string>> comments_;
  std::map<FrameKey, Reached> reached_;
};

}  // namespace

void CommentCaptures(const Scenario& scenario,
                     const Judgement& judgement,
                     const Timeline& timeline,
                     Evidence* evidence) {
  Commenter commenter(scenario, timeline);
  for (const Finding& finding : judgement.findings) {
    commenter.Add(finding);
  }
  for (Capture& capture : evidence->captures) {
    for (size_t i = 0; i < capture.frames.size(); ++i) {
      capture.frames[i].comments = commenter.Of(capture.host, static_cast<int64_t>(i) + 1);
    }
  }
}

}  // namespace lastack
