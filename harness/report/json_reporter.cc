#include "report/json_reporter.h"

#include <cstdio>

#include <fmt/format.h>

#include "record/store.h"
#include "report/documents.h"

namespace lastack {
namespace {

class JsonReporter final : public Reporter {
 public:
  explicit JsonReporter(std::string path) : path_(std::move(path)) {}

  void Begin(const SuiteInfo& suite) override { kernel_ = suite.kernel; }

  Status End(const std::vector<RunResult>& results, Duration wall) override {
    const std::string document = SuiteDocument(kernel_, results, wall);
    if (path_ == "-") {
      fmt::print("{}", document);
      std::fflush(stdout);
      return {};
    }
    return WriteFileAtomically(path_, document);
  }

 private:
  std::string path_;
  std::string kernel_;
};

}  // namespace

std::unique_ptr<Reporter> MakeJsonReporter(const std::string& path) {
  return std::make_unique<JsonReporter>(path);
}

}  // namespace lastack
