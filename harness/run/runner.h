// One run of one variant: testbed, steps, evidence, verdict.
#pragma once

#include <map>
#include <string>

#include "observe/bpf/kernel_trace.h"
#include "report/result.h"
#include "run/slots.h"
#include "scenario/load.h"
#include "testbed/testbed.h"

namespace lastack {

struct RunOptions {
  Programs programs;                                 // that each testbed starts
  std::map<std::string, std::string> peer_programs;  // peer → program instead of lastack-peer
  std::string evidence;                              // folder of the suite's evidence
  std::string repetition;                            // "3" of a --repeat; empty: none
  std::string again_options;                         // of RunResult
  bool keep = false;                                 // leave the hosts
  bool in_user_namespace = false;                    // this process has entered one of its own
  bool draw = false;                                 // draw the ladder of what passed, too
  KernelTrace* trace = nullptr;                      // outlives the run; null: none
  std::string untraced;                              // why there is none
  std::string page;                                  // draw for this HTML page; empty: for none
  Duration timeout = std::chrono::minutes(5);        // for the whole run
  int stop_fd = -1;                                  // readable: end early
};

// Never fails as a call: what went wrong is the result's verdict.
[[nodiscard]] RunResult RunVariant(const Variant& variant,
                                   const RunOptions& options,
                                   SlotHold* slot);

}  // namespace lastack
