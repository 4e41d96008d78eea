#include "report/result_text.h"

#include <fmt/format.h>

#include "report/plain_text.h"

namespace lastack {

bool IsFine(const RunResult& result) {
  return result.verdict == Verdict::kPass || result.verdict == Verdict::kSkip;
}

std::string FamilyOf(const RunResult& result) {
  return result.id.substr(0, result.id.find('/'));
}

std::string NameOf(const RunResult& result) {
  const size_t slash = result.id.find('/');
  return slash == std::string::npos ? result.id : result.id.substr(slash + 1);
}

int LineOf(const RunResult& result) {
  const auto& findings = result.judgement.findings;
  return findings.empty() ? result.place.line : findings.front().place.line;
}

std::string AgainCommand(const RunResult& result) {
  const std::string variant = result.id.substr(0, result.id.rfind('#'));
  std::string filter = ShellWord(variant);
  if (filter.front() != '\'') {
    filter = "'" + filter + "'";
  }
  return fmt::format(
      "lastack run {} --filter {}{}", ShellWord(result.file), filter, result.again_options);
}

std::string FindingsText(const RunResult& result) {
  std::string text;
  for (const Finding& finding : result.judgement.findings) {
    text += fmt::format(
        "{}:{}: {} witness\n", result.file, finding.place.line, ToString(finding.witness));
    if (finding.witness != Witness::kHarness) {
      text += fmt::format("  expected: {}\n", finding.expected);
    }
    text += fmt::format("  actual:   {}\n", finding.actual);
    if (!finding.note.empty()) {
      text += fmt::format("  note:     {}\n", finding.note);
    }
  }
  return text;
}

std::string DetailsText(const RunResult& result) {
  std::string text = fmt::format("{}\n", result.headline);
  if (!result.hint.empty()) {
    text += fmt::format("hint: {}\n", result.hint);
  }
  text += FindingsText(result);
  std::string indented;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = text.find('\n', begin) + 1;
    indented += "  " + text.substr(begin, end - begin);
    begin = end;
  }
  if (!result.ladder.empty()) {
    indented += fmt::format("\n{}\n", result.ladder);
  }
  if (!result.evidence.empty()) {
    indented += fmt::format("  evidence: {}\n", result.evidence);
  }
  if (!IsFine(result)) {
    indented += fmt::format("  again: {}\n", AgainCommand(result));
  }
  return indented;
}

}  // namespace lastack
