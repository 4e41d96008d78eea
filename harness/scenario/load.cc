// Loads a scenario: text → tree → variants → model.
#include "scenario/load.h"

#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "scenario/bind.h"
#include "scenario/diagnostic.h"
#include "scenario/file.h"
#include "scenario/matrix.h"
#include "scenario/resolved.h"
#include "scenario/yaml.h"

namespace lastack {
namespace {

std::string VariantId(const std::string& id, const Labels& labels) {
  std::string variant_id = id;
  for (const auto& [name, label] : labels) {
    variant_id += "." + label;
  }
  return variant_id;
}

}  // namespace

Result<std::vector<Variant>> LoadScenarioText(const std::string& file,
                                              const std::string& id,
                                              std::string_view text) {
  const Result<Node> root = ParseYaml(file, text);
  if (!root) {
    return Fail(root.error());
  }
  Problems problems(file, text);
  const Matrix matrix = ReadMatrix(*root, problems);
  if (problems.any()) {
    return Fail(problems.first());
  }
  std::vector<Variant> variants;
  for (const Labels& labels : VariantsOf(matrix)) {
    const std::string variant_id = VariantId(id, labels);
    ResolvedTree tree{ExpandVariant(*root, matrix, labels, problems), labels};
    Scenario scenario = BindScenario(tree.root, file, variant_id, labels, problems);
    if (problems.any()) {
      if (!variants.empty()) {  // the first variant is good, so that it matters which one is not
        problems.Remark(fmt::format("in variant {}", variant_id));
      }
      return Fail(problems.first());
    }
    variants.push_back({std::move(scenario), std::string(text), WriteResolved(tree)});
  }
  return variants;
}

Result<std::vector<Variant>> LoadScenarioFile(const std::string& path) {
  const Result<std::string> text = ReadTextFile(path);
  if (!text) {
    return Fail(text.error());
  }
  std::error_code error;
  const std::filesystem::path absolute = std::filesystem::absolute(path, error).lexically_normal();
  const std::string folder = absolute.parent_path().filename().string();
  const std::string stem = absolute.stem().string();
  return LoadScenarioText(path, folder.empty() ? stem : folder + "/" + stem, *text);
}

Result<Scenario> LoadResolved(const std::string& file,
                              const std::string& id,
                              std::string_view resolved_json) {
  const Result<ResolvedTree> tree = ReadResolved(file, resolved_json);
  if (!tree) {
    return Fail(tree.error());
  }
  Problems problems(file, {});
  Scenario scenario = BindScenario(tree->root, file, id, tree->labels, problems);
  if (problems.any()) {
    return Fail(problems.first());
  }
  return scenario;
}

}  // namespace lastack
