// For tests that need namespaces: skips them, with the reason, where this user or machine cannot
// make any.
#pragma once

#include <string>

#include <gtest/gtest.h>

#include "testbed/netns.h"
#include "testbed/testbed.h"

namespace lastack {

// Empty, or why there are no namespaces. An ordinary user's process enters a user namespace at the
// first call.
inline const std::string& WhyNoNamespaces() {
  static const std::string why = [] {
    if (const Status entered = EnterUserNamespaceIfNeeded(); !entered) {
      return entered.error().message;
    }
    Result<NetworkVisit> visit = NetworkVisit::Begin();
    if (!visit) {
      return visit.error().message;
    }
    const Result<Fd> made = visit->EnterNew();
    return made ? std::string{} : made.error().message;
  }();
  return why;
}

class NamespaceTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!WhyNoNamespaces().empty()) {
      GTEST_SKIP() << WhyNoNamespaces();
    }
  }
};

}  // namespace lastack
