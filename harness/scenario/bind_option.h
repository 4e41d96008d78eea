// Reads socket options: NAME (= 1) or `NAME: value`, with units, into the kernel's own.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/socket_option.h"
#include "scenario/diagnostic.h"
#include "scenario/node.h"

namespace lastack {

// A list of options, a single one, or a mapping of several. Lists in lists are joined, so that a
// matrix may insert one.
[[nodiscard]] std::vector<SocketOption> ReadOptions(const Node& node, Problems& problems);

// The name of an option; null after a problem.
[[nodiscard]] const OptionInfo* ReadOptionName(const Node& node, Problems& problems);

// A range of values of this option, as `get` expects it: "1", "4KiB..1MiB", "2s". Nothing if the
// text is no such value.
[[nodiscard]] std::optional<Range<int64_t>> ParseOptionRange(const OptionInfo& info,
                                                             std::string_view text);

}  // namespace lastack
