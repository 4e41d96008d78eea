#include "rebind/measure.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "rebind/comeback.h"
#include "rebind/ground.h"
#include "rebind/hosts.h"

namespace lastack {
namespace {

constexpr uint16_t kFirstPort = 20'000;
constexpr size_t kHopeless = 2;  // samples in vain after which no more are taken

// The connections of the population are as they were before.
bool IsReusable(const Ground& ground, const Sample& sample) {
  return sample.back && ground.cell().population != Population::kEstablished &&
         sample.left >= sample.left_before;
}

bool IsHopeless(const std::vector<Sample>& samples) {
  return samples.size() >= kHopeless &&
         std::none_of(samples.begin(), samples.end(), [](const Sample& one) { return one.back; });
}

}  // namespace

Result<CellResult> MeasureCell(const Cell& cell, const std::string& program) {
  const Strategy* strategy = FindStrategy(cell.strategy);
  if (strategy == nullptr) {
    return Fail(ErrorKind::kScenario, "there is no strategy " + cell.strategy);
  }
  Result<std::unique_ptr<MeasuringHosts>> hosts =
      MeasuringHosts::Make({.listening = cell.listening,
                            .connections = cell.count,
                            .no_time_wait = strategy->no_time_wait});
  if (!hosts) {
    return Fail(hosts.error());
  }
  CellResult result;
  std::unique_ptr<Ground> ground;
  uint16_t port = kFirstPort;
  while (result.samples.size() < static_cast<size_t>(cell.samples) && !IsHopeless(result.samples)) {
    if (!ground) {
      Result<std::unique_ptr<Ground>> prepared = Ground::Prepare(cell, **hosts, program, port++);
      if (!prepared) {
        return Fail(prepared.error());
      }
      ground = std::move(*prepared);
      result.build_ns = ground->build_ns();
    } else if (Status stands_by = ground->StartStandBy(); !stands_by) {
      return Fail(stands_by.error());
    }
    Result<Sample> sample = MeasureComeback(ground.get());
    if (!sample) {
      return Fail(sample.error());
    }
    result.samples.push_back(std::move(*sample));
    if (!IsReusable(*ground, result.samples.back())) {
      ground.reset();
    }
  }
  return result;
}

}  // namespace lastack
