#include "run/sampling.h"

#include <algorithm>
#include <map>
#include <utility>

#include <nlohmann/json.hpp>

#include "record/event_json.h"

namespace lastack {
namespace {

using nlohmann::json;

constexpr Duration kAnswerGrace = std::chrono::seconds(5);  // beyond what was asked for
constexpr Duration kHoldSampling = std::chrono::milliseconds(25);

using StateOf = std::map<std::string, State>;  // endpoint → the state waited for; empty: any

// The endpoints of one host in one request.
struct HostRequest {
  std::vector<std::string> names;
  json sockets = json::array();
  json states = json::array();
};

std::map<std::string, HostRequest> ByHost(const RunContext& run,
                                          const std::vector<std::string>& names,
                                          const StateOf& wanted,
                                          std::vector<std::string>* superseded) {
  std::map<std::string, HostRequest> requests;
  for (const std::string& name : names) {
    const KnownEndpoint* known = run.book.Find(name);
    if (known == nullptr || run.lost_endpoints.contains(name)) {
      continue;
    }
    HostRequest& request = requests[known->host];
    if (known->superseded) {
      superseded->push_back(name);
      continue;
    }
    request.names.push_back(name);
    request.sockets.push_back(EndpointToJson(known->endpoint));
    const auto state = wanted.find(name);
    if (state != wanted.end()) {
      request.states.push_back(json::array({std::string(ToString(state->second))}));
    }
  }
  return requests;
}

Result<KernelSampled> ParseSamples(const RunContext& run, const std::string& host, const json& ok) {
  KernelSampled sampled{.step = run.step, .host = host, .t0_ns = 0, .t1_ns = 0, .samples = {}};
  const auto t0 = ok.find("t0");
  const auto t1 = ok.find("t1");
  const auto samples = ok.find("samples");
  const bool whole = t0 != ok.end() && t0->is_number_integer() && t1 != ok.end() &&
                     t1->is_number_integer() && samples != ok.end() && samples->is_array();
  if (!whole) {
    return Fail(ErrorKind::kSystem, "host " + host + " answered a sample not as agreed");
  }
  sampled.t0_ns = t0->get<int64_t>();
  sampled.t1_ns = t1->get<int64_t>();
  for (const json& entry : *samples) {
    auto sample = SampleFromJson(entry);
    if (!sample) {
      return Fail(sample.error());
    }
    sampled.samples.push_back(std::move(*sample));
  }
  return sampled;
}

void Record(RunContext* run, KernelSampled sampled) {
  const int64_t t_ns = sampled.t1_ns;
  const std::string source = "host:" + sampled.host;
  run->recorder->Add(source, t_ns, std::move(sampled));
}

// All hosts at the same time; the answers in the order of the hosts' names.
Result<std::vector<KernelSampled>> AskAll(RunContext* run,
                                          const std::map<std::string, HostRequest>& requests,
                                          const std::vector<std::string>& superseded,
                                          const std::optional<Duration>& await_within) {
  std::vector<std::pair<std::string, int64_t>> ids;
  for (const auto& [host, request] : requests) {
    json message = {{"do", await_within ? "await_states" : "sample"}, {"sockets", request.sockets}};
    if (await_within) {
      message["states"] = request.states;
      message["within"] = await_within->count();
    }
    auto id = run->session->Send(host, std::move(message));
    if (!id) {
      return Fail(id.error());
    }
    ids.emplace_back(host, *id);
  }
  std::vector<KernelSampled> answers;
  for (const auto& [host, id] : ids) {
    const auto ok = run->session->Await(id, await_within.value_or(Duration{}) + kAnswerGrace);
    if (!ok) {
      return Fail(ok.error());
    }
    auto sampled = ParseSamples(*run, host, *ok);
    if (!sampled) {
      return Fail(sampled.error());
    }
    for (const std::string& name : superseded) {
      if (run->book.Find(name)->host == host) {
        sampled->samples.push_back({.endpoint = name});  // CLOSED: its addresses are another's
      }
    }
    answers.push_back(std::move(*sampled));
  }
  return answers;
}

void Refresh(RunContext* run) {
  run->learned = run->book.Learn(*run->scenario, run->recorder->evidence().events, run->learned);
}

// Until the calls that make these endpoints have returned; then the kernel can be asked about them.
Status AwaitKnown(RunContext* run,
                  const std::vector<std::string>& names,
                  const Deadline& deadline) {
  const auto all_known = [&] {
    Refresh(run);
    return std::all_of(names.begin(), names.end(), [&](const auto& name) {
      return run->book.Find(name) != nullptr;
    });
  };
  const auto known = run->session->ProcessUntil(all_known, deadline.Left());
  return known ? Status() : Fail(known.error());
}

StateOf Wanted(const WaitState& states) {
  return {states.states.begin(), states.states.end()};
}

std::vector<std::string> Names(const WaitState& states) {
  std::vector<std::string> names;
  for (const auto& [name, state] : states.states) {
    names.push_back(name);
  }
  return names;
}

// What differs from the states waited for: "server in FIN-WAIT-1"; empty if nothing does.
std::string Differences(const RunContext& run,
                        const StateOf& wanted,
                        const std::vector<KernelSampled>& answers) {
  StateOf is;
  for (const KernelSampled& sampled : answers) {
    for (const StateSample& sample : sampled.samples) {
      is[sample.endpoint] = sample.state;
    }
  }
  constexpr int kListed = 5;
  std::string text;
  int count = 0;
  for (const auto& [name, state] : wanted) {
    const auto found = is.find(name);
    if (found != is.end() && found->second == state) {
      continue;
    }
    const KnownEndpoint* known = run.book.Find(name);
    const std::string now = found != is.end()  ? "in " + std::string(ToString(found->second))
                            : known == nullptr ? "not there: its call has not returned"
                                               : "not sampled";
    if (++count <= kListed) {
      text += (text.empty() ? "" : ", ") + name + " " + now;
    }
  }
  return count > kListed ? text + " and " + std::to_string(count - kListed) + " more" : text;
}

}  // namespace

Status SampleStates(RunContext* run, const std::vector<std::string>& endpoints) {
  Refresh(run);
  std::vector<std::string> superseded;
  const auto requests = ByHost(*run, endpoints, {}, &superseded);
  auto answers = AskAll(run, requests, superseded, std::nullopt);
  if (!answers) {
    return Fail(answers.error());
  }
  for (KernelSampled& sampled : *answers) {
    Record(run, std::move(sampled));
  }
  return {};
}

Result<bool> AwaitStates(RunContext* run,
                         const WaitState& states,
                         Duration within,
                         std::string* saw) {
  const Deadline deadline(within);
  const StateOf wanted = Wanted(states);
  const std::vector<std::string> names = Names(states);
  if (const Status status = AwaitKnown(run, names, deadline); !status) {
    return Fail(status.error());
  }
  while (true) {
    std::vector<std::string> superseded;
    const auto requests = ByHost(*run, names, wanted, &superseded);
    auto answers = AskAll(run, requests, superseded, deadline.Left());
    if (!answers) {
      return Fail(answers.error());
    }
    // Each host has seen its own endpoints there. They were so at the same moment if they still are
    // when asked again after the last answer.
    if (requests.size() > 1 && Differences(*run, wanted, *answers).empty()) {
      answers = AskAll(run, requests, superseded, std::nullopt);
      if (!answers) {
        return Fail(answers.error());
      }
    }
    *saw = Differences(*run, wanted, *answers);
    if (saw->empty() || deadline.Expired()) {
      for (KernelSampled& sampled : *answers) {
        Record(run, std::move(sampled));
      }
      return saw->empty();
    }
  }
}

Result<bool> HoldStates(RunContext* run,
                        const WaitState& states,
                        Duration duration,
                        std::string* saw) {
  const Deadline deadline(duration);
  const StateOf wanted = Wanted(states);
  const std::vector<std::string> names = Names(states);
  Refresh(run);
  bool first = true;
  while (true) {
    const bool last = deadline.Expired();
    if (!wanted.empty()) {
      std::vector<std::string> superseded;
      auto answers = AskAll(run, ByHost(*run, names, {}, &superseded), superseded, std::nullopt);
      if (!answers) {
        return Fail(answers.error());
      }
      *saw = Differences(*run, wanted, *answers);
      for (KernelSampled& sampled : *answers) {
        if (first || last || !saw->empty()) {
          Record(run, std::move(sampled));
        }
      }
      if (!saw->empty()) {
        return false;
      }
    }
    if (last) {
      return true;
    }
    first = false;
    const Duration pause =
        wanted.empty() ? deadline.Left() : std::min(deadline.Left(), kHoldSampling);
    if (const auto waited = run->session->ProcessUntil([] { return false; }, pause); !waited) {
      return Fail(waited.error());
    }
  }
}

}  // namespace lastack
