// What a kernel can tell by its types: made up ones, and this machine's.
#include "observe/bpf/tracepoints.h"

#include <bpf/btf.h>

#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lastack {
namespace {

using testing::Contains;
using testing::IsEmpty;
using testing::SizeIs;

struct Closer {
  void operator()(btf* types) const { btf__free(types); }
};
using Types = std::unique_ptr<btf, Closer>;

// A kernel whose tracepoints pass so many arguments each.
Types KernelWith(const std::vector<std::pair<std::string, int>>& tracepoints) {
  Types types(btf__new_empty());
  const int number = btf__add_int(types.get(), "int", 4, BTF_INT_SIGNED);
  for (const auto& [name, arguments] : tracepoints) {
    const int function = btf__add_func_proto(types.get(), 0);
    for (int i = 0; i <= arguments; ++i) {  // the first is the tracepoint's own
      btf__add_func_param(types.get(), "argument", number);
    }
    const int pointer = btf__add_ptr(types.get(), function);
    btf__add_typedef(types.get(), ("btf_trace_" + name).c_str(), pointer);
  }
  return types;
}

std::vector<std::pair<std::string, int>> AllTracepoints() {
  std::vector<std::pair<std::string, int>> all;
  for (const TracepointNeed& need : TracepointNeeds()) {
    all.emplace_back(need.tracepoint, need.arguments);
  }
  return all;
}

std::vector<std::string> Unmet(const btf* types) {
  std::vector<std::string> tracepoints;
  for (const TracepointNeed& need : UnmetNeeds(types)) {
    tracepoints.emplace_back(need.tracepoint);
    EXPECT_FALSE(need.blind_spot.empty());
  }
  return tracepoints;
}

TEST(UnmetNeeds, NoneWhereEverythingIsThere) {
  EXPECT_THAT(Unmet(KernelWith(AllTracepoints()).get()), IsEmpty());
}

TEST(UnmetNeeds, ATracepointThatIsMissingIsNamed) {
  auto tracepoints = AllTracepoints();
  std::erase_if(tracepoints, [](const auto& one) { return one.first == "timer_cancel"; });
  EXPECT_THAT(Unmet(KernelWith(tracepoints).get()), testing::ElementsAre("timer_cancel"));
}

// Linux 6.1: kfree_skb does not name the receiver, tcp_send_reset no reason.
TEST(UnmetNeeds, ATracepointWithFewerArgumentsIsNotEnough) {
  auto tracepoints = AllTracepoints();
  for (auto& [name, arguments] : tracepoints) {
    arguments -= name == "kfree_skb" || name == "tcp_send_reset" ? 1 : 0;
  }
  EXPECT_THAT(Unmet(KernelWith(tracepoints).get()),
              testing::UnorderedElementsAre("kfree_skb", "tcp_send_reset"));
}

TEST(RstReasonNames, AreThoseOfTheKernelByNumber) {
  const Types types(btf__new_empty());
  btf__add_enum(types.get(), "sk_rst_reason", 4);
  btf__add_enum_value(types.get(), "SK_RST_REASON_NOT_SPECIFIED", 0);
  btf__add_enum_value(types.get(), "SK_RST_REASON_TCP_STATE", 3);
  EXPECT_THAT(RstReasonNames(types.get()),
              testing::ElementsAre("NOT_SPECIFIED", "", "", "TCP_STATE"));
  EXPECT_THAT(RstReasonNames(Types(btf__new_empty()).get()), IsEmpty());
}

TEST(UnmetNeeds, OfThisMachine) {
  const Types types(btf__load_vmlinux_btf());
  if (!types) {
    GTEST_SKIP() << "the kernel does not describe its types";
  }
  EXPECT_THAT(UnmetNeeds(types.get()), SizeIs(testing::Lt(TracepointNeeds().size())));
}

}  // namespace
}  // namespace lastack
