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
#include "report/capture_comments.h"
#include "report/documents.h"
#include "report/plain_text.h"
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

PcapngHeader HeaderOf(const Scenario& scenario,
                      const Judgement& judgement,
                      const Evidence& evidence,
                      const Capture& capture) {
  PcapngHeader header;
  header.comments.push_back(PlainText(scenario.id + ": " + scenario.title));
  header.comments.push_back(
      PlainText(fmt::format("{}: {}", ToString(judgement.verdict), judgement.headline)));
  if (!judgement.findings.empty()) {
    const Finding& first = judgement.findings.front();
    header.comments.push_back(PlainText(fmt::format("first difference: {}:{} ({} witness)",
                                                    scenario.file,
                                                    first.place.line,
                                                    ToString(first.witness))));
  }
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
    header.dropped.push_back(DroppedFrames(evidence, capture.host, interface));
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
  CommentCaptures(scenario, judgement, timeline, evidence);
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

std::string CapturePath(const std::string& directory, const std::string& host) {
  return directory + "/" + host + ".pcapng";
}

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
    const std::string path = CapturePath(directory, capture.host);
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
