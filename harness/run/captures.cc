#include "run/captures.h"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

namespace lastack {
namespace {

using nlohmann::json;

constexpr Duration kAnswerWithin = std::chrono::seconds(10);
constexpr int kSnaplen = 256;  // all headers, and the payload of short segments
const std::vector<std::string> kInterfaces = {"eth0", "lo"};

// Bytes of the kernel's ring for one interface. 1 MiB holds some 2,600 frames of kSnaplen, enough
// for a megabyte of data with its ACKs; each endpoint's opening and closing adds about ten.
int CaptureBuffer(const Scenario& scenario) {
  constexpr int kBase = 1 << 20;
  constexpr int kPerEndpoint = 8 << 10;
  constexpr int kMost = 32 << 20;
  const int wanted = kBase + kPerEndpoint * static_cast<int>(scenario.endpoints.size());
  return std::min(wanted, kMost);
}

}  // namespace

std::vector<std::string> HostsThere(const RunContext& run) {
  std::vector<std::string> names;
  for (const HostSpec& host : run.scenario->hosts) {
    if (!run.gone.contains(host.name)) {
      names.push_back(host.name);
    }
  }
  return names;
}

// Opening a ring makes the kernel wait for an RCU grace period (8 ms with HZ=250), so all hosts are
// asked at once and the hosts' own peers come up meanwhile.
Status StartCaptures(RunContext* run, const std::vector<std::string>& hosts) {
  std::vector<std::pair<std::string, int64_t>> ids;
  for (const std::string& host : hosts) {
    run->recorder->BeginCapture(host, kInterfaces);
    const auto id = run->session->Send(host,
                                       {{"do", "capture"},
                                        {"interfaces", kInterfaces},
                                        {"snaplen", kSnaplen},
                                        {"buffer", CaptureBuffer(*run->scenario)}});
    if (!id) {
      return Fail(id.error());
    }
    ids.emplace_back(host, *id);
  }
  for (const auto& [host, id] : ids) {
    run->session->YieldSlot();
    if (const auto ok = run->session->Await(id, kAnswerWithin); !ok) {
      return Fail(ok.error());
    }
  }
  return {};
}

Status StopCaptures(RunContext* run, const std::vector<std::string>& hosts) {
  std::vector<std::pair<std::string, int64_t>> ids;
  for (const std::string& host : hosts) {
    const auto id = run->session->Send(host, {{"do", "capture_stop"}});
    if (!id) {
      return Fail(id.error());
    }
    ids.emplace_back(host, *id);
  }
  for (const auto& [host, id] : ids) {
    const auto ok = run->session->Await(id, kAnswerWithin);
    if (!ok) {
      return Fail(ok.error());
    }
    for (const json& entry : ok->value("interfaces", json::array())) {
      run->recorder->Add(CaptureClosed{host,
                                       entry.value("name", ""),
                                       entry.value("received", int64_t{0}),
                                       entry.value("dropped", int64_t{0})});
    }
  }
  return {};
}

}  // namespace lastack
