#include "cli/stored_runs.h"

#include <algorithm>
#include <filesystem>

#include "judge/judge.h"
#include "record/store.h"
#include "scenario/load.h"

namespace lastack {
namespace {

namespace fs = std::filesystem;

// The variant of the given file that has the stored one's id.
Result<Scenario> Replacement(const std::string& file, const std::string& id) {
  auto variants = LoadScenarioFile(file);
  if (!variants) {
    return Fail(variants.error());
  }
  for (Variant& variant : *variants) {
    if (variant.scenario.id == id) {
      return std::move(variant.scenario);
    }
  }
  return Fail(ErrorKind::kScenario, file + ": has no variant " + id);
}

// A run's folder is known by its raw files, also if one of them is missing. One that may not be
// read is taken for a run's, so that somebody says so.
void Collect(const fs::path& folder, std::vector<std::string>* runs) {
  std::error_code error;
  const fs::directory_iterator entries(folder, error);
  if (error == std::errc::permission_denied) {
    runs->push_back(folder.string());
  }
  if (error) {
    return;
  }
  bool is_run = false;
  std::vector<fs::path> below;
  for (const fs::directory_entry& entry : entries) {
    const fs::path name = entry.path().filename();
    is_run = is_run || name == "scenario.json" || name == "events.jsonl";
    if (entry.is_directory(error) && !entry.is_symlink(error)) {
      below.push_back(entry.path());
    }
  }
  if (is_run) {
    runs->push_back(folder.string());
  }
  std::sort(below.begin(), below.end());
  for (const fs::path& one : below) {
    Collect(one, runs);
  }
}

}  // namespace

std::vector<std::string> FindRuns(const std::string& directory) {
  std::vector<std::string> runs;
  Collect(directory, &runs);
  if (!runs.empty() && runs.front() == fs::path(directory).string()) {
    runs.resize(1);  // not the repetitions below it
  }
  return runs;
}

Result<StoredResult> JudgeStored(const std::string& directory,
                                 const std::string& scenario_file,
                                 KnownSources* known) {
  auto stored = ReadRun(directory);
  if (!stored) {
    return Fail(stored.error());
  }
  auto parsed = ParseScenarioJson(stored->scenario_json, known);
  if (!parsed) {
    return Fail(
        parsed.error().kind, directory + ": " + parsed.error().message, parsed.error().hint);
  }
  if (!scenario_file.empty()) {
    auto scenario = Replacement(scenario_file, parsed->scenario.id);
    if (!scenario) {
      return Fail(scenario.error());
    }
    parsed->scenario = std::move(*scenario);
    parsed->contradictions.clear();
  }
  RunResult result{
      .id = parsed->scenario.id, .file = parsed->scenario.file, .place = parsed->scenario.place};
  result.judgement = Judge(parsed->scenario, stored->evidence);
  for (const Finding& finding : parsed->contradictions) {
    result.judgement.findings.push_back(finding);
    if (result.judgement.verdict != Verdict::kError) {
      result.judgement.verdict = Verdict::kFail;
      result.judgement.headline = Describe(result.judgement.findings.front());
    }
  }
  result.verdict = result.judgement.verdict;
  result.headline = result.judgement.headline;
  result.evidence = directory;
  return StoredResult{std::move(parsed->scenario), std::move(stored->evidence), std::move(result)};
}

}  // namespace lastack
