// The examples of docs/scenarios.md load, so that the page stays true.
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "scenario/claims.h"
#include "scenario/file.h"
#include "scenario/keys.h"
#include "scenario/load.h"

namespace lastack {
namespace {

std::string Page() {
  const std::filesystem::path root(LASTACK_SOURCE_DIR);
  const auto text = ReadTextFile((root / "docs" / "scenarios.md").string());
  EXPECT_TRUE(text) << (text ? "" : text.error().message);
  return text.value_or("");
}

// The ```yaml blocks that begin with `first_line`.
std::vector<std::string> Examples(const std::string& page, const std::string& first_line) {
  const std::string fence = "```yaml\n";
  std::vector<std::string> examples;
  for (size_t at = page.find(fence); at != std::string::npos; at = page.find(fence, at + 1)) {
    const size_t begin = at + fence.size();
    const std::string example = page.substr(begin, page.find("```", begin) - begin);
    if (example.starts_with(first_line)) {
      examples.push_back(example);
    }
  }
  return examples;
}

TEST(Docs, ScenariosLoad) {
  const auto examples = Examples(Page(), "scenario: 1");
  EXPECT_GE(examples.size(), 6U);
  for (const std::string& example : examples) {
    const auto variants = LoadScenarioText("docs/scenarios.md", "docs/example", example);
    EXPECT_TRUE(variants) << (variants ? "" : variants.error().message);
  }
}

TEST(Docs, ClaimsLoad) {
  const auto examples = Examples(Page(), "claims:");
  ASSERT_EQ(examples.size(), 1U);
  EXPECT_TRUE(LoadClaimsText("docs/scenarios.md", examples.front()));
}

TEST(Docs, EveryKeyIsNamed) {
  const std::string page = Page();
  for (const KeyTable* table : AllKeyTables()) {
    for (const std::string& key : KeyNames(*table)) {
      EXPECT_NE(page.find(key), std::string::npos) << table->name << ": " << key;
    }
  }
}

}  // namespace
}  // namespace lastack
