// Reads what a call or a rebind is expected to return, and how long it may take.
#pragma once

#include "base/socket_option.h"
#include "scenario/diagnostic.h"
#include "scenario/model.h"
#include "scenario/value.h"

namespace lastack {

// What the words of `expect` mean for this call.
struct OutcomeContext {
  bool poll = false;                   // event names and `timeout` are known
  const OptionInfo* option = nullptr;  // of `get`: values have its unit
};

// The keys `expect` and `took`. `step` is the place where there is no `expect`.
[[nodiscard]] Expected ReadExpected(const MapReader& reader,
                                    const Place& step,
                                    const OutcomeContext& context,
                                    Problems& problems);

// The key `within`; without it `standard`, or twice `longest` (what the step is allowed to take by
// its other keys) where that is longer than `standard`.
[[nodiscard]] Duration ReadWithin(const MapReader& reader,
                                  Duration standard,
                                  Duration longest,
                                  Problems& problems);

}  // namespace lastack
