#include "report/json_reporter.h"

#include "report/documents.h"
#include "report/report_file.h"

namespace lastack {
namespace {

class JsonReporter final : public Reporter {
 public:
  explicit JsonReporter(std::string path) : path_(std::move(path)) {}

  void Begin(const SuiteInfo& suite) override { kernel_ = suite.kernel; }

  Status End(const std::vector<RunResult>& results, Duration wall) override {
    return WriteReport(path_, SuiteDocument(kernel_, results, wall));
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
