// The lines that the host writes to whoever runs it: answers and events of lastack.host/1.
//
// Lines are collected and written by Flush, once per turn of the agent's loop. Writing blocks while
// the reader does not read; when there is no reader any more (a kept host) the lines are dropped.
// Threads: belongs to the agent's thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "base/result.h"

namespace lastack {

class Output {
 public:
  explicit Output(int fd) : fd_(fd) {}

  void Ok(int64_t id, const nlohmann::json& answer);
  void Failed(int64_t id, const Error& error);
  void Event(const nlohmann::json& event);
  // A whole line without its newline, already JSON.
  void Line(std::string_view line);

  void Flush();

 private:
  int fd_;
  std::string pending_;
};

}  // namespace lastack
