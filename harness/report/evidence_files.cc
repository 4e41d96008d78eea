#include "report/evidence_files.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <system_error>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "record/event_json.h"
#include "record/pcapng.h"
#include "record/store.h"
#include "report/documents.h"
#include "report/timeline.h"

namespace lastack {
namespace {

using nlohmann::json;

constexpr int kIndent = 1;
constexpr uint32_t kSnaplen = 256;

std::string ScenarioJson(const Variant& variant) {
  const json document = {{"schema", "lastack.scenario/1"},
                         {"id", variant.scenario.id},
                         {"file", variant.scenario.file},
                         {"hash", HashText(variant.source)},
                         {"source", variant.source},
                         {"resolved", json::parse(variant.resolved, nullptr, false)}};
  return document.dump(kIndent, ' ', false, json::error_handler_t::replace) + "\n";
}

// Comments per (host, packet): the step behind a segment, the states it led to, findings that rest
// on it.
using Comments = std::map<std::pair<std::string, int64_t>, std::vector<std::string>>;

void CommentSegments(const Scenario& scenario, const Timeline& timeline, Comments* comments) {
  for (const TimelineEntry& entry : timeline.entries) {
    if (entry.kind != TimelineEntry::Kind::kSegment) {
      continue;
    }
    const auto other = std::find_if(timeline.ends.begin(),
                                    timeline.ends.end(),
                                    [&](const TimelineEnd& end) { return end.host != entry.host; });
    auto& sent = (*comments)[{entry.host, entry.sent_packet}];
    if (!entry.pure && entry.step >= 0) {
      const Step& step = scenario.steps[static_cast<size_t>(entry.step)];
      sent.push_back(fmt::format("{}:{}: {}", scenario.file, step.place.line, step.text));
    }
    if (entry.lost) {
      sent.emplace_back("lost on the wire");
    }
    if (entry.injected && other != timeline.ends.end()) {
      (*comments)[{other->host, entry.received_packet}].emplace_back("injected by the wire");
    }
    if (!entry.sender_state.empty()) {
      sent.push_back(entry.host + " → " + entry.sender_state);
    }
    if (other != timeline.ends.end() && !entry.receiver_state.empty()) {
      (*comments)[{other->host, entry.received_packet}].push_back(other->host + " → " +
                                                                  entry.receiver_state);
    }
  }
}

void CommentFindings(const Scenario& scenario,
                     const Judgement& judgement,
                     const Evidence& evidence,
                     Comments* comments) {
  for (const Finding& finding : judgement.findings) {
    for (const Capture& capture : evidence.captures) {
      for (const int64_t packet : finding.packets) {
        (*comments)[{capture.host, packet}].push_back(fmt::format("{} {}:{}: {}",
                                                                  ToString(finding.weight),
                                                                  scenario.file,
                                                                  finding.place.line,
                                                                  Describe(finding)));
      }
    }
  }
}

void AddComments(const Scenario& scenario,
                 const Judgement& judgement,
                 const Timeline& timeline,
                 Evidence* evidence) {
  Comments comments;
  CommentSegments(scenario, timeline, &comments);
  CommentFindings(scenario, judgement, *evidence, &comments);
  for (Capture& capture : evidence->captures) {
    for (size_t i = 0; i < capture.frames.size(); ++i) {
      const auto found = comments.find({capture.host, static_cast<int64_t>(i) + 1});
      if (found != comments.end()) {
        capture.frames[i].comments = found->second;
      }
    }
  }
}

PcapngHeader HeaderOf(const Scenario& scenario,
                      const Judgement& judgement,
                      const Evidence& evidence,
                      const Capture& capture) {
  PcapngHeader header;
  header.comments.push_back(scenario.id + ": " + scenario.title);
  header.comments.push_back(std::string(ToString(judgement.verdict)) + ": " + judgement.headline);
  header.snaplen = kSnaplen;
  for (const auto& [event, started] : Select<RunStarted>(evidence.events)) {
    header.application = "lastack " + started->version;
    header.os = "Linux " + started->kernel;
    for (const auto& [host, roles] : started->addresses) {
      for (const auto& [role, address] : roles) {
        const bool own = role == "own4" || role == "own6" || role == "own2";
        if (own) {
          header.names.emplace_back(address, host);
        }
      }
    }
  }
  for (const std::string& interface : capture.interfaces) {
    uint64_t dropped = 0;
    for (const auto& [event, closed] : Select<CaptureClosed>(evidence.events)) {
      if (closed->host == capture.host && closed->interface == interface) {
        dropped = static_cast<uint64_t>(closed->dropped);
      }
    }
    header.dropped.push_back(dropped);
  }
  return header;
}

std::string EventLines(const Evidence& evidence) {
  std::string lines;
  for (const Event& event : evidence.events) {
    lines += EventToJson(event) + "\n";
  }
  return lines;
}

Status MakeDirectory(const std::string& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) {
    return Fail(SystemError("cannot make the evidence folder " + directory, error.value()));
  }
  return {};
}

// The text of timeline.json. Comments the captured frames, too.
std::string Tell(const Scenario& scenario, const Judgement& judgement, Evidence* evidence) {
  const Timeline timeline = MakeTimeline(scenario, *evidence, judgement);
  AddComments(scenario, judgement, timeline, evidence);
  return TimelineDocument(scenario.id, timeline);
}

Status WriteDocuments(const std::string& directory,
                      const std::string& timeline,
                      const Scenario& scenario,
                      const Judgement& judgement,
                      const Evidence& evidence) {
  if (Status status = WriteFileAtomically(directory + "/timeline.json", timeline); !status) {
    return status;
  }
  return WriteFileAtomically(directory + "/result.json",
                             ResultDocument(scenario, evidence, judgement));
}

// A source with a large matrix is expanded once, not for each of its variants.
const std::map<std::string, std::string>& VariantsOf(const StoredScenario& stored,
                                                     KnownSources* known) {
  const Scenario& scenario = stored.scenario;
  const std::string base_id = scenario.id.substr(0, scenario.id.find('.'));
  const auto [found, fresh] =
      known->variants.try_emplace({base_id + " in " + scenario.file, stored.source});
  if (fresh) {
    const auto variants = LoadScenarioText(scenario.file, base_id, stored.source);
    for (const Variant& variant : variants.value_or(std::vector<Variant>())) {
      found->second[variant.scenario.id] = json::parse(variant.resolved, nullptr, false).dump();
    }
  }
  return found->second;
}

}  // namespace

Status WriteEvidence(const std::string& directory,
                     const Variant& variant,
                     const Judgement& judgement,
                     Evidence* evidence) {
  if (Status status = MakeDirectory(directory); !status) {
    return status;
  }
  const std::string timeline = Tell(variant.scenario, judgement, evidence);
  if (Status status = WriteFileAtomically(directory + "/scenario.json", ScenarioJson(variant));
      !status) {
    return status;
  }
  if (Status status = WriteFileAtomically(directory + "/events.jsonl", EventLines(*evidence));
      !status) {
    return status;
  }
  for (const Capture& capture : evidence->captures) {
    const PcapngHeader header = HeaderOf(variant.scenario, judgement, *evidence, capture);
    const std::string path = directory + "/" + capture.host + ".pcapng";
    if (Status status = WriteFileAtomically(path, EncodePcapng(capture, header, 1)); !status) {
      return status;
    }
  }
  return WriteDocuments(directory, timeline, variant.scenario, judgement, *evidence);
}

Status WriteDerived(const std::string& directory,
                    const Scenario& scenario,
                    const Judgement& judgement,
                    Evidence* evidence) {
  const std::string timeline = Tell(scenario, judgement, evidence);
  return WriteDocuments(directory, timeline, scenario, judgement, *evidence);
}

Result<StoredScenario> ParseScenarioJson(std::string_view text, KnownSources* known) {
  const json document = json::parse(text, nullptr, false);
  const auto member = [&](const char* name) {
    const auto found = document.find(name);
    return found != document.end() && found->is_string() ? found->get<std::string>() : "";
  };
  if (!document.is_object() || member("schema") != "lastack.scenario/1" ||
      !document.contains("resolved")) {
    return Fail(ErrorKind::kSystem, "scenario.json is not a lastack.scenario/1 document");
  }
  StoredScenario stored;
  stored.source = member("source");
  const std::string resolved = document["resolved"].dump();
  auto scenario = LoadResolved(member("file"), member("id"), resolved);
  if (!scenario) {
    return Fail(scenario.error());
  }
  stored.scenario = std::move(*scenario);
  const auto contradicts = [&](const std::string& what) {
    stored.contradictions.push_back({.witness = Witness::kHarness,
                                     .weight = Verdict::kFail,
                                     .expected = "scenario.json as it was recorded",
                                     .actual = "scenario.json was changed: " + what,
                                     .place = stored.scenario.place});
  };
  if (HashText(stored.source) != member("hash")) {
    contradicts("its source does not have the recorded hash");
  }
  const auto& variants = VariantsOf(stored, known);
  const auto variant = variants.find(stored.scenario.id);
  const bool same = variant != variants.end() && variant->second == resolved;
  if (!same) {
    contradicts("the resolved variant is not what its source says");
  }
  return stored;
}

}  // namespace lastack
