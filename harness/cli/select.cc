#include "cli/select.h"

#include <algorithm>
#include <filesystem>
#include <random>
#include <system_error>

#include <fmt/format.h>

#include "base/strings.h"

namespace lastack {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kClaimsFile = "claims.yaml";

bool IsScenarioFile(const fs::path& path) {
  return path.extension() == ".yaml" && path.filename() != kClaimsFile;
}

Result<std::vector<std::string>> FindFiles(const std::vector<std::string>& paths) {
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    std::error_code error;
    if (!fs::exists(path, error)) {
      return Fail(ErrorKind::kScenario,
                  path + ": no such file or folder",
                  "give the path of a scenario file or of a folder of them");
    }
    if (!fs::is_directory(path, error)) {
      files.push_back(path);
      continue;
    }
    std::vector<std::string> found;
    for (const auto& entry : fs::recursive_directory_iterator(path, error)) {
      if (IsScenarioFile(entry.path())) {
        found.push_back(entry.path().lexically_normal().string());
      }
    }
    std::sort(found.begin(), found.end());
    files.insert(files.end(), found.begin(), found.end());
  }
  return files;
}

bool HasLabel(const Scenario& scenario, const std::string& label) {
  return std::find(scenario.labels.begin(), scenario.labels.end(), label) != scenario.labels.end();
}

bool IsSelected(const Selection& selection, const Scenario& scenario) {
  const bool fits_filter =
      selection.filters.empty() ||
      std::any_of(selection.filters.begin(), selection.filters.end(), [&](const auto& glob) {
        return GlobMatch(glob, scenario.id);
      });
  return fits_filter &&
         std::all_of(selection.labels.begin(),
                     selection.labels.end(),
                     [&](const auto& label) { return HasLabel(scenario, label); }) &&
         std::none_of(selection.exclude_labels.begin(),
                      selection.exclude_labels.end(),
                      [&](const auto& label) { return HasLabel(scenario, label); });
}

// A sysctl for every host; the stored scenario keeps it as part of what was resolved.
void SetSysctl(const std::string& name, const std::string& value, Scenario* scenario) {
  for (HostSpec& host : scenario->hosts) {
    const auto known = std::find_if(host.sysctl.begin(), host.sysctl.end(), [&](const auto& entry) {
      return entry.first == name;
    });
    if (known == host.sysctl.end()) {
      host.sysctl.emplace_back(name, value);
    } else {
      known->second = value;
    }
  }
}

Status Apply(const std::string& setting, std::vector<Variant>* variants) {
  const size_t equals = setting.find('=');
  if (equals == std::string::npos) {
    return Fail(ErrorKind::kScenario, "--set " + setting + ": not KEY=VALUE");
  }
  const std::string key = setting.substr(0, equals);
  const std::string value = setting.substr(equals + 1);
  if (key.starts_with("net.")) {
    for (Variant& variant : *variants) {
      SetSysctl(key, value, &variant.scenario);
    }
    return {};
  }
  bool known = false;
  std::erase_if(*variants, [&](const Variant& variant) {
    for (const auto& [name, label] : variant.scenario.matrix) {
      if (name == key) {
        known = true;
        return label != value;
      }
    }
    return false;
  });
  if (!known) {
    return Fail(
        ErrorKind::kScenario,
        "--set " + setting + ": no selected scenario has a matrix named '" + key + "'",
        "KEY is a matrix name such as family, or a sysctl such as net.ipv4.tcp_fin_timeout");
  }
  return {};
}

Result<std::vector<Variant>> LoadAll(const std::vector<std::string>& files) {
  std::vector<Variant> variants;
  std::string errors;
  for (const std::string& file : files) {
    auto loaded = LoadScenarioFile(file);
    if (!loaded) {
      errors += (errors.empty() ? "" : "\n") + loaded.error().message;
      continue;
    }
    std::move(loaded->begin(), loaded->end(), std::back_inserter(variants));
  }
  if (!errors.empty()) {
    return Fail(ErrorKind::kScenario, errors);
  }
  return variants;
}

Status TakeShard(const std::string& shard, std::vector<Variant>* variants) {
  const std::vector<std::string> parts = Split(shard, '/');
  size_t index = 0;
  size_t count = 0;
  const bool numbers = parts.size() == 2 && !parts[0].empty() && !parts[1].empty() &&
                       (parts[0] + parts[1]).find_first_not_of("0123456789") == std::string::npos;
  if (numbers && parts[0].size() < 6 && parts[1].size() < 6) {
    index = std::stoul(parts[0]);
    count = std::stoul(parts[1]);
  }
  if (index < 1 || index > count) {
    return Fail(ErrorKind::kScenario, "--shard " + shard + ": not I/N with 1 <= I <= N");
  }
  std::vector<Variant> taken;
  for (size_t i = index - 1; i < variants->size(); i += count) {
    taken.push_back(std::move((*variants)[i]));
  }
  *variants = std::move(taken);
  return {};
}

}  // namespace

std::string DefaultScenarios() {
  std::error_code error;
  if (fs::is_directory("scenarios", error)) {
    return "scenarios";
  }
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  return (program.parent_path() / "../share/lastack/scenarios").lexically_normal().string();
}

Result<std::vector<Variant>> SelectVariants(const Selection& selection) {
  const auto files = FindFiles(
      selection.paths.empty() ? std::vector<std::string>{DefaultScenarios()} : selection.paths);
  Result<std::vector<Variant>> variants =
      files ? LoadAll(*files) : Result<std::vector<Variant>>(Fail(files.error()));
  if (!variants) {
    return variants;
  }
  std::erase_if(*variants, [&](const Variant& v) { return !IsSelected(selection, v.scenario); });
  for (const std::string& setting : selection.settings) {
    if (const Status status = Apply(setting, &*variants); !status) {
      return Fail(status.error());
    }
  }
  if (!selection.shard.empty()) {
    if (const Status status = TakeShard(selection.shard, &*variants); !status) {
      return Fail(status.error());
    }
  }
  if (selection.shuffle) {
    std::shuffle(variants->begin(), variants->end(), std::mt19937_64(selection.seed));
  }
  return variants;
}

}  // namespace lastack
