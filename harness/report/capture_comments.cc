#include "report/capture_comments.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "report/plain_text.h"

namespace lastack {
namespace {

struct FrameKey {
  std::string host;
  int64_t packet = 0;  // number in this host's capture, from 1
  auto operator<=>(const FrameKey&) const = default;
};

struct Reached {
  int connection = -1;
  std::string state;
};

class Commenter {
 public:
  Commenter(const Scenario& scenario, const Timeline& timeline) : scenario_(scenario) {
    for (const TimelineEntry& entry : timeline.entries) {
      if (entry.kind == TimelineEntry::Kind::kSegment) {
        const FrameKey sent = {entry.host, entry.sent_packet};
        const FrameKey received = {Receiver(timeline, entry), entry.received_packet};
        pairs_.emplace_back(sent, received);
        Segment(entry, sent, received);
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
      const FrameKey named = {finding.host, packet};
      const auto pair = std::find_if(pairs_.begin(), pairs_.end(), [&](const auto& ends) {
        return ends.first == named || ends.second == named;
      });
      comments_[named].push_back(text);
      if (pair != pairs_.end() && pair->first != pair->second) {
        comments_[pair->first == named ? pair->second : pair->first].push_back(text);
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
  static std::string Receiver(const Timeline& timeline, const TimelineEntry& entry) {
    const bool loopback = entry.sent_packet != 0 && entry.sent_packet == entry.received_packet &&
                          entry.t_ns == entry.received_ns;
    const auto other = std::find_if(timeline.ends.begin(),
                                    timeline.ends.end(),
                                    [&](const TimelineEnd& end) { return end.host != entry.host; });
    return loopback || other == timeline.ends.end() ? entry.host : other->host;
  }

  void Segment(const TimelineEntry& entry, const FrameKey& sent, const FrameKey& received) {
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
    comments_[sent] = both;
    comments_[received] = both;
    if (!entry.sender_state.empty()) {
      reached_[sent] = {entry.connection, entry.sender_state};
    }
    if (!entry.receiver_state.empty()) {
      reached_[received] = {entry.connection, entry.receiver_state};
    }
  }

  // In the order of each capture, so that the state before is known.
  void Transitions() {
    std::map<std::pair<std::string, int>, std::string> before;
    for (const auto& [frame, reached] : reached_) {
      std::string& last = before[{frame.host, reached.connection}];
      const std::string from = last.empty() ? "" : ": " + last;
      comments_[frame].push_back(frame.host + from + " → " + reached.state);
      last = reached.state;
    }
  }

  const Scenario& scenario_;
  std::vector<std::pair<FrameKey, FrameKey>> pairs_;  // the same segment as sent and as received
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
