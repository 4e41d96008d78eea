// Rules first, the link's delay last.
#include "wire/engine.h"

#include <algorithm>
#include <utility>

namespace lastack {

std::string_view ToString(DecisionKind kind) {
  switch (kind) {
    case DecisionKind::kDropped:
      return "dropped";
    case DecisionKind::kHeld:
      return "held";
    case DecisionKind::kReleased:
      return "released";
    case DecisionKind::kDuplicated:
      return "duplicated";
    case DecisionKind::kInjected:
      return "injected";
    case DecisionKind::kCut:
      return "cut";
  }
  return "";
}

void Engine::OnFrame(size_t from, std::span<const uint8_t> frame, int64_t now_ns, Effects* out) {
  const std::optional<Segment> segment = ParseSegment(frame.data(), frame.size());
  if (!segment) {
    if (!cut_) {
      GoOn(from, {frame.begin(), frame.end()}, now_ns, out);
    }
    return;
  }
  const size_t connection = tracker_.Take(from, *segment, frame, now_ns);
  if (cut_) {
    out->decisions.push_back(
        {.t_ns = now_ns, .what = DecisionKind::kCut, .from = from, .segment = *segment});
    return;
  }
  const std::optional<Taken> taken = rules_.Take(Sight(tracker_, connection, from, *segment));
  if (taken) {
    Obey(*taken,
         {.t_ns = now_ns, .rule = taken->rule, .from = from, .segment = *segment},
         {frame.begin(), frame.end()},
         out);
  } else {
    GoOn(from, {frame.begin(), frame.end()}, now_ns, out);
  }
  LetGoEnded(now_ns, out);
}

void Engine::Obey(const Taken& taken, Decision decision, std::vector<uint8_t> frame, Effects* out) {
  switch (taken.action) {
    case WireAction::kDrop:
      decision.what = DecisionKind::kDropped;
      break;
    case WireAction::kHold:
      decision.what = DecisionKind::kHeld;
      rules_.Hold(decision.rule, decision.from, decision.segment, std::move(frame), decision.t_ns);
      break;
    case WireAction::kDuplicate:
      decision.what = DecisionKind::kDuplicated;
      GoOn(decision.from, frame, decision.t_ns, out);
      GoOn(decision.from, std::move(frame), decision.t_ns, out);
      break;
  }
  out->decisions.push_back(std::move(decision));
}

void Engine::GoOn(size_t from, std::vector<uint8_t> frame, int64_t now_ns, Effects* out) {
  std::deque<UnderWay>& line = under_way_.at(from);
  if (line.empty() && delay_ == Duration::zero()) {
    out->frames.push_back({1 - from, std::move(frame)});
    return;
  }
  line.push_back({now_ns + delay_.count(), std::move(frame)});  // and not before those in front
}

void Engine::LetGo(std::vector<HeldSegment> segments, int64_t now_ns, Effects* out) {
  for (HeldSegment& held : segments) {
    GoOn(held.from, std::move(held.frame), now_ns, out);
    out->decisions.push_back({.t_ns = now_ns,
                              .rule = std::move(held.rule),
                              .what = DecisionKind::kReleased,
                              .from = held.from,
                              .segment = std::move(held.segment)});
  }
}

void Engine::OnTime(int64_t now_ns, Effects* out) {
  LetGo(rules_.TakeDue(now_ns), now_ns, out);
  for (size_t from = 0; from < under_way_.size(); ++from) {
    std::deque<UnderWay>& line = under_way_.at(from);
    while (!line.empty() && line.front().due_ns <= now_ns) {
      out->frames.push_back({1 - from, std::move(line.front().frame)});
      line.pop_front();
    }
  }
}

std::optional<int64_t> Engine::NextDueNs() const {
  std::optional<int64_t> next = rules_.NextDueNs();
  for (const std::deque<UnderWay>& line : under_way_) {
    if (!line.empty()) {
      next = next ? std::min(*next, line.front().due_ns) : line.front().due_ns;
    }
  }
  return next;
}

Status Engine::Remove(const std::string& name, int64_t now_ns, Effects* out) {
  const Status removed = rules_.Remove(name);
  LetGoEnded(now_ns, out);
  return removed;
}

Status Engine::Release(const std::string& name, int64_t now_ns, Effects* out) {
  const Status released = rules_.Release(name);
  LetGoEnded(now_ns, out);
  return released;
}

void Engine::BeginStep(int step, int64_t now_ns, Effects* out) {
  rules_.BeginStep(step);
  LetGoEnded(now_ns, out);
}

void Engine::Cut(int64_t now_ns, Effects* out) {
  cut_ = true;
  const auto lose = [&](size_t from, const Segment& segment) {
    out->decisions.push_back(
        {.t_ns = now_ns, .what = DecisionKind::kCut, .from = from, .segment = segment});
  };
  for (size_t from = 0; from < under_way_.size(); ++from) {
    for (const UnderWay& lost : std::exchange(under_way_.at(from), {})) {
      if (const auto segment = ParseSegment(lost.frame.data(), lost.frame.size())) {
        lose(from, *segment);
      }
    }
  }
  for (const HeldSegment& held : rules_.TakeAll()) {
    lose(held.from, held.segment);
  }
}

void Engine::NameConnection(const std::string& name,
                            AddressPair pair,
                            int64_t now_ns,
                            Effects* out) {
  tracker_.Name(name, std::move(pair));
  rules_.OnNamed(name);
  LetGoEnded(now_ns, out);
}

Result<Decision> Engine::Inject(const InjectRequest& request, int64_t now_ns, Effects* out) {
  const std::optional<size_t> connection =
      request.connection ? tracker_.Latest(*request.connection) : tracker_.Latest();
  if (!connection) {
    return Fail(ErrorKind::kSystem, "cannot inject: the relay has seen no such connection");
  }
  if (cut_) {
    return Fail(ErrorKind::kSystem, "cannot inject: the link is cut");
  }
  Result<MadeFrame> made = MakeFrame(tracker_.At(*connection), request, now_ns);
  if (!made) {
    return Fail(made.error());
  }
  GoOn(request.from, std::move(made->frame), now_ns, out);
  Decision decision{.t_ns = now_ns,
                    .what = DecisionKind::kInjected,
                    .from = request.from,
                    .segment = std::move(made->segment),
                    .icmp = request.icmp};
  out->decisions.push_back(decision);
  return decision;
}

}  // namespace lastack
