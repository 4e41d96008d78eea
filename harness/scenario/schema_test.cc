// The schema and the loader know the same keys, and the rich scenario uses every one of them.
#include "scenario/schema.h"

#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "scenario/keys.h"
#include "scenario/rich_scenario_test.h"
#include "scenario/yaml.h"

namespace lastack {
namespace {

using Json = nlohmann::json;

std::set<std::string> Keys(const Json& object) {
  std::set<std::string> keys;
  for (const auto& [key, value] : object.items()) {
    keys.insert(key);
  }
  return keys;
}

TEST(Schema, HasExactlyTheKeysOfTheLoader) {
  const Json schema = Json::parse(ScenarioSchema());
  for (const KeyTable* table : AllKeyTables()) {
    const bool root = table == &ScenarioKeys();
    const Json& object = root ? schema : schema["$defs"][std::string(table->name)];
    std::set<std::string> expected = {"when"};
    for (const std::string& name : KeyNames(*table)) {
      expected.insert(name);
    }
    EXPECT_EQ(Keys(object["properties"]), expected) << table->name;
    EXPECT_EQ(object.value("additionalProperties", Json(true)) == Json(false), !table->others)
        << table->name;
  }
}

TEST(Schema, HasEveryStepAndCall) {
  const Json schema = Json::parse(ScenarioSchema());
  std::set<std::string> steps = Keys(schema["$defs"]["step"]["properties"]);
  steps.erase("when");
  EXPECT_EQ(steps, std::set<std::string>(StepNames().begin(), StepNames().end()));
  const auto calls = CallNames();
  EXPECT_EQ(schema["$defs"]["peer call"]["anyOf"][0]["enum"], Json(calls));
}

void CollectReferences(const Json& json, std::set<std::string>* references) {
  if (json.is_object() && json.contains("$ref")) {
    references->insert(json["$ref"].get<std::string>());
  }
  for (const Json& child : json) {
    if (child.is_structured()) {
      CollectReferences(child, references);
    }
  }
}

TEST(Schema, EveryReferenceLeadsSomewhere) {
  const Json schema = Json::parse(ScenarioSchema());
  std::set<std::string> references;
  CollectReferences(schema, &references);
  EXPECT_GT(references.size(), 30U);
  for (const std::string& reference : references) {
    EXPECT_TRUE(schema["$defs"].contains(reference.substr(std::string("#/$defs/").size())))
        << reference;
  }
}

void CollectKeys(const Node& node, std::set<std::string>* keys) {
  for (const Entry& entry : node.entries) {
    keys->insert(entry.key);
    CollectKeys(entry.value, keys);
  }
  for (const Node& item : node.items) {
    CollectKeys(item, keys);
  }
}

TEST(RichScenario, UsesEveryKey) {
  const auto root = ParseYaml("rich.yaml", kRichScenario);
  ASSERT_TRUE(root);
  std::set<std::string> used;
  CollectKeys(*root, &used);
  for (const KeyTable* table : AllKeyTables()) {
    for (const std::string& key : KeyNames(*table)) {
      EXPECT_TRUE(used.contains(key)) << table->name << ": " << key;
    }
  }
}

}  // namespace
}  // namespace lastack
