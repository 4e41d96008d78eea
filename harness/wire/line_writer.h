// The lines that the relay writes to whoever runs it: answers and events of lastack.wire/1.
//
// Nothing here waits: what the reader does not take is kept until it does, because a relay that
// waits for its reader would hold up the segments. When there is no reader any more the lines are
// dropped.
#pragma once

#include <cstdint>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "base/result.h"

namespace lastack {

class LineWriter {
 public:
  // Makes the descriptor non-blocking.
  explicit LineWriter(int fd);

  void Ok(int64_t id, const nlohmann::json& answer);
  void Failed(int64_t id, const Error& error);
  void Event(const nlohmann::json& event);

  // Writes what the reader takes.
  void Flush();
  // Whether lines are left that the reader has not taken; Flush again when fd() is writable.
  [[nodiscard]] bool Waiting() const { return !pending_.empty(); }
  [[nodiscard]] int fd() const { return fd_; }

 private:
  void Line(const nlohmann::json& json);

  int fd_;
  std::string pending_;
};

}  // namespace lastack
