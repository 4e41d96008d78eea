// Probing capabilities: complete, explained, and without a trace.
#include "testbed/capability.h"

#include <sys/wait.h>

#include <algorithm>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testbed/namespace_fixture.h"

namespace lastack {
namespace {

std::string OwnNamespace() {
  return std::filesystem::read_symlink("/proc/thread-self/ns/net").string();
}

TEST(ProbeCapabilities, NamesAllThatAScenarioMayNeed) {
  std::vector<std::string> names;
  for (const Capability& capability : ProbeCapabilities()) {
    names.push_back(capability.name);
  }
  EXPECT_THAT(names,
              testing::UnorderedElementsAre("root",
                                            "two-users",
                                            "namespaces",
                                            "veth",
                                            "capture",
                                            "ipv6",
                                            "sock-diag",
                                            "sock-destroy",
                                            "bpf"));
}

TEST(ProbeCapabilities, ExplainsWhatIsMissing) {
  for (const Capability& capability : ProbeCapabilities()) {
    EXPECT_FALSE(capability.what.empty()) << capability.name;
    EXPECT_EQ(capability.why.empty(), capability.available) << capability.name;
    EXPECT_EQ(capability.hint.empty(), capability.available)
        << capability.name << ": " << capability.why;
  }
}

TEST(ProbeCapabilities, LeavesTheThreadWhereItWas) {
  const std::string before = OwnNamespace();
  static_cast<void>(ProbeCapabilities());
  EXPECT_EQ(OwnNamespace(), before);
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1) << "no child is left";
}

class CapabilityTest : public NamespaceTest {};

TEST_F(CapabilityTest, WhatARunNeedsIsThereWhereNamespacesAre) {
  for (const Capability& capability : ProbeCapabilities()) {
    EXPECT_TRUE(capability.available || !capability.required)
        << capability.name << ": " << capability.why;
  }
}

}  // namespace
}  // namespace lastack
