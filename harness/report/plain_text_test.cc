// Text that would harm a terminal, an XML parser or a shell.
#include "report/plain_text.h"

#include <filesystem>

#include <gtest/gtest.h>

namespace lastack {
namespace {

TEST(PlainText, KeepsWhatIsText) {
  const std::string text = "a\tb\nFIN-WAIT-1 → ✗ <&\"'>]]> 日本 \U0001F600";
  EXPECT_EQ(PlainText(text), text);
}

TEST(PlainText, DropsEscapeSequencesWhole) {
  EXPECT_EQ(PlainText("a\x1B[31;1mred\x1B[0m\x1B[2Kb"), "aredb");
  EXPECT_EQ(PlainText("a\x1B]8;;http://x\x07link\x1B]8;;\x1B\\b"), "alinkb");
  EXPECT_EQ(PlainText("a\x1B(Bb"), "aBb");  // ESC and one character
  EXPECT_EQ(PlainText("a\x1B"), "a");
  EXPECT_EQ(PlainText("a\x1B["), "a");
  EXPECT_EQ(PlainText("a\x1B[3"), "a");
  EXPECT_EQ(PlainText("a\x1B]never ends"), "anever ends");
}

TEST(PlainText, DropsControlCharacters) {
  EXPECT_EQ(PlainText(std::string_view("a\0b\rc\x07\x08\x7F"
                                       "d\xC2\x9B"
                                       "e",
                                       12)),
            "abcde");
}

TEST(PlainText, ReplacesWhatXmlCannotHold) {
  EXPECT_EQ(PlainText("a\xFF"
                      "b\xC3"),
            "a\uFFFDb\uFFFD");
  EXPECT_EQ(PlainText("a\xEF\xBF\xBE\xEF\xBF\xBFz"), "a\uFFFD\uFFFDz");
  EXPECT_EQ(PlainText("\xED\xA0\x80"), "\uFFFD\uFFFD\uFFFD");  // a surrogate
}

TEST(OneLine, HasNoLineFeeds) {
  EXPECT_EQ(OneLine("\n a\n\n  b\tc \n"), "a b c");
  EXPECT_EQ(OneLine("\x1B[31m"), "");
}

TEST(ShellWord, QuotesOnlyWhatNeedsIt) {
  EXPECT_EQ(ShellWord("scenarios/normal/x-1.yaml"), "scenarios/normal/x-1.yaml");
  EXPECT_EQ(ShellWord("it's $HOME"), "'it'\\''s $HOME'");
  EXPECT_EQ(ShellWord(""), "''");
}

TEST(ShortPath, IsRelativeOnlyBelowTheCurrentDirectory) {
  const std::string here = std::filesystem::current_path();
  EXPECT_EQ(ShortPath(here + "/evidence/../a b/x"), "a b/x");
  EXPECT_EQ(ShortPath("evidence/x"), "evidence/x");
  EXPECT_EQ(ShortPath("/nowhere/x"), "/nowhere/x");
  EXPECT_EQ(ShortPath("/nowhere/x/y", "/nowhere/"), "x/y");
  EXPECT_EQ(ShortPath("x/y", std::filesystem::current_path().parent_path()),
            std::filesystem::current_path().filename() / "x/y");
}

}  // namespace
}  // namespace lastack
