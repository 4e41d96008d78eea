#include "observe/bpf/tracepoints.h"

#include <bpf/btf.h>

#include <algorithm>

#include <fmt/format.h>

namespace lastack {
namespace {

// How many arguments a tracepoint passes: its type btf_trace_NAME is a pointer to a function that
// takes them behind a pointer of its own. -1: there is no such tracepoint.
int ArgumentsOf(const btf* types, std::string_view tracepoint) {
  const std::string name = fmt::format("btf_trace_{}", tracepoint);
  const int id = btf__find_by_name_kind(types, name.c_str(), BTF_KIND_TYPEDEF);
  if (id < 0) {
    return -1;
  }
  const btf_type* pointer =
      btf__type_by_id(types, btf__type_by_id(types, static_cast<uint32_t>(id))->type);
  const btf_type* function = btf__type_by_id(types, pointer->type);
  return static_cast<int>(btf_vlen(function)) - 1;
}

}  // namespace

const std::vector<TracepointNeed>& TracepointNeeds() {
  static const std::vector<TracepointNeed> kNeeds = {
      {{"on_state", "on_state_again"},
       "inet_sock_set_state",
       3,
       "state changes: no tracepoint inet_sock_set_state"},
      {{"on_rst_sent", "on_rst_sent_again"},
       "tcp_send_reset",
       3,
       "the reason of a RST: from Linux 6.10 on"},
      {{"on_rst_received"}, "tcp_receive_reset", 1, "RSTs received: no tracepoint"},
      {{"on_destroyed"}, "tcp_destroy_sock", 1, "the end of a socket's memory: no tracepoint"},
      {{"on_retransmitted"}, "tcp_retransmit_skb", 1, "retransmissions: no tracepoint"},
      {{"on_timer_set"}, "timer_start", 1, "the beginning of TIME-WAIT: no tracepoint timer_start"},
      {{"on_timer_cancelled"}, "timer_cancel", 1, "an early end of TIME-WAIT: no tracepoint"},
      {{"on_timer_expired"}, "timer_expire_entry", 1, "the end of TIME-WAIT: no tracepoint"},
      {{"on_freed", "on_freed_again"},
       "kfree_skb",
       4,
       "an orphan's way from FIN-WAIT-2 to TIME-WAIT while its timer stays in its slot: from Linux "
       "6.11 on"},
  };
  return kNeeds;
}

std::vector<TracepointNeed> UnmetNeeds(const btf* kernel_types) {
  std::vector<TracepointNeed> unmet;
  std::ranges::copy_if(
      TracepointNeeds(), std::back_inserter(unmet), [&](const TracepointNeed& need) {
        return ArgumentsOf(kernel_types, need.tracepoint) < need.arguments;
      });
  return unmet;
}

std::vector<std::string> RstReasonNames(const btf* kernel_types) {
  constexpr std::string_view kPrefix = "SK_RST_REASON_";
  std::vector<std::string> names;
  const int id = btf__find_by_name_kind(kernel_types, "sk_rst_reason", BTF_KIND_ENUM);
  if (id < 0) {
    return names;
  }
  const btf_type* type = btf__type_by_id(kernel_types, static_cast<uint32_t>(id));
  const struct btf_enum* values = btf_enum(type);
  for (int i = 0; i < btf_vlen(type); ++i) {
    const std::string_view name = btf__name_by_offset(kernel_types, values[i].name_off);
    const auto number = static_cast<size_t>(values[i].val);
    names.resize(std::max(names.size(), number + 1));
    names[number] = name.starts_with(kPrefix) ? name.substr(kPrefix.size()) : name;
  }
  return names;
}

}  // namespace lastack
