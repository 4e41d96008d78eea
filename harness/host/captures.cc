#include "host/captures.h"

#include <algorithm>
#include <future>
#include <iterator>

#include <fmt/format.h>

#include "base/base64.h"

namespace lastack {
namespace {

constexpr size_t kFramesPerEvent = 64;
constexpr size_t kFramesPerTurn = 1024;  // then the peers have their turn

// Builds `frames` events out of single frames.
class FrameWriter {
 public:
  FrameWriter(Output* output, size_t interface) : output_(output), interface_(interface) {}
  ~FrameWriter() { Finish(); }
  FrameWriter(const FrameWriter&) = delete;
  FrameWriter& operator=(const FrameWriter&) = delete;
  FrameWriter(FrameWriter&&) = delete;
  FrameWriter& operator=(FrameWriter&&) = delete;

  void Add(const TappedFrame& frame) {
    if (frames_ == 0) {
      line_ = fmt::format(R"({{"event": "frames", "interface": {}, "frames": [)", interface_);
    }
    fmt::format_to(std::back_inserter(line_),
                   R"({}[{}, {}, "{}", "{}"])",
                   frames_ == 0 ? "" : ", ",
                   frame.realtime_ns,
                   frame.length,
                   frame.direction == Direction::kOut ? "out" : "in",
                   Base64Encode(frame.data, frame.captured));
    if (++frames_ == kFramesPerEvent) {
      Finish();
    }
  }

 private:
  void Finish() {
    if (frames_ > 0) {
      line_ += "]}";
      output_->Line(line_);
      frames_ = 0;
    }
  }

  Output* output_;
  size_t interface_;
  std::string line_;
  size_t frames_ = 0;
};

}  // namespace

Status Captures::Start(const std::vector<std::string>& interfaces, const TapOptions& options) {
  if (!entries_.empty()) {
    return Fail(ErrorKind::kSystem, "this host is already capturing");
  }
  std::vector<std::future<Result<Tap>>> opening;
  opening.reserve(interfaces.size());
  for (const std::string& interface : interfaces) {
    opening.push_back(std::async(std::launch::async, Tap::Open, interface, options));
  }
  std::vector<Entry> entries;
  for (std::future<Result<Tap>>& future : opening) {
    Result<Tap> tap = future.get();
    if (!tap) {
      return Fail(tap.error());
    }
    entries.push_back({std::move(*tap)});
  }
  entries_ = std::move(entries);
  return {};
}

Result<std::vector<Captures::Closed>> Captures::Stop() {
  std::vector<Closed> closed;
  for (size_t i = 0; i < entries_.size(); ++i) {
    Entry& entry = entries_[i];
    FrameWriter writer(output_, i);
    if (!entry.failed) {
      if (const Status status = entry.tap.Drain([&](const TappedFrame& f) { writer.Add(f); });
          !status) {
        return Fail(status.error());
      }
    }
    const Result<TapCounts> counts = entry.tap.Counts();
    if (!counts) {
      return Fail(counts.error());
    }
    closed.push_back({entry.tap.interface(), *counts});
  }
  std::ranges::move(entries_, std::back_inserter(stopped_));
  entries_.clear();
  return closed;
}

void Captures::AppendPollFds(std::vector<pollfd>* fds) const {
  for (const Entry& entry : entries_) {
    if (!entry.failed) {
      fds->push_back({entry.tap.fd(), POLLIN, 0});
    }
  }
}

void Captures::OnReadable(int fd) {
  const auto found =
      std::ranges::find_if(entries_, [fd](const Entry& entry) { return entry.tap.fd() == fd; });
  if (found == entries_.end()) {
    return;
  }
  FrameWriter writer(output_, static_cast<size_t>(found - entries_.begin()));
  const Result<size_t> count =
      found->tap.Read(kFramesPerTurn, [&](const TappedFrame& frame) { writer.Add(frame); });
  if (!count) {
    found->failed = true;
    fmt::print(stderr, "lastack-host: {}\n", count.error().message);
  }
}

}  // namespace lastack
