// What a step asks of a host or peer, as the protocols' JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "base/socket_address.h"
#include "base/socket_option.h"
#include "scenario/model.h"
#include "testbed/testbed.h"

namespace lastack {

[[nodiscard]] nlohmann::json ToJson(const SocketAddress& address);
[[nodiscard]] nlohmann::json ToJson(const std::vector<SocketOption>& options);

// The address that a scenario means.
[[nodiscard]] SocketAddress Resolve(const Destination& destination, Testbed* testbed);

// The request of a call for its peer (everything but `fork` to another host and `pass`, which go by
// the host).
[[nodiscard]] nlohmann::json CallRequest(const CallStep& call, Testbed* testbed);

// "SO_REUSEADDR, SO_LINGER=1,0" or "none": how evidence names a set of options.
[[nodiscard]] std::string OptionsText(const std::vector<SocketOption>& options);

}  // namespace lastack
