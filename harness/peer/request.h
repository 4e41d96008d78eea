// One request of the peer protocol as plain data (docs/protocols.md, "Calls").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/family.h"
#include "base/result.h"
#include "base/socket_address.h"
#include "base/socket_option.h"
#include "base/time.h"

namespace lastack {

// Which members matter depends on the call.
struct Request {
  int64_t id = 0;
  std::string call;
  std::vector<std::string> on;  // endpoints it acts on
  std::vector<std::string> as;  // endpoints it makes; for fork the new peer
  Family family = Family::kV4;
  std::optional<SocketAddress> address;  // bind, listen: where; connect: `from`
  std::optional<SocketAddress> to;       // connect
  std::vector<SocketOption> options;
  std::string option;  // get
  int backlog = 128;
  std::optional<int64_t> bytes;     // send, recv
  bool until_full = false;          // send
  bool until_eof = false;           // recv
  bool more = false;                // send
  std::string how;                  // shutdown
  std::vector<std::string> events;  // poll
  std::optional<Duration> timeout;  // poll; nothing: for ever
  int code = 0;                     // exit
};

// Fails, naming what is wrong, if the line is no JSON object or a key has a value of another type.
[[nodiscard]] Result<Request> ParseRequest(std::string_view line);

// The id of a request that ParseRequest refuses; 0 if it has none.
[[nodiscard]] int64_t IdOfRequest(std::string_view line);

}  // namespace lastack
