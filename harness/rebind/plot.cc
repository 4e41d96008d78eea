#include "rebind/plot.h"
namespace lastack {
std::string RebindPlot(const RebindReport& report) {
  static_cast<void>(report);
  return "";
}
}  // namespace lastack
