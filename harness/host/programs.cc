#include "host/programs.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include <nlohmann/json.hpp>

namespace lastack {
namespace {

constexpr size_t kReadBytes = 16384;
constexpr int kReadsPerTurn = 16;  // a program that floods must not keep the host from its work

}  // namespace

Result<pid_t> Programs::Run(const std::string& name, const ProgramCommand& command) {
  Result<SpawnedProgram> spawned = SpawnProgram(command);
  if (!spawned) {
    return Fail(spawned.error());
  }
  any_ = true;
  const pid_t pid = spawned->pid;
  programs_.push_back({name, pid, std::move(spawned->output)});
  return pid;
}

void Programs::AppendPollFds(std::vector<pollfd>* fds) const {
  for (const Program& program : programs_) {
    if (program.output.valid()) {
      fds->push_back({program.output.get(), POLLIN, 0});
    }
  }
}

void Programs::OnReadable(int fd) {
  for (Program& program : programs_) {
    if (program.output.get() == fd) {
      Read(&program);
      break;
    }
  }
  Forget();
}

void Programs::Read(Program* program) {
  std::array<char, kReadBytes> bytes;  // NOLINT(*-member-init): written by read
  for (int reads = 0; reads < kReadsPerTurn && program->output.valid(); ++reads) {
    const ssize_t got = read(program->output.get(), bytes.data(), bytes.size());
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
      return;
    }
    if (got <= 0) {
      program->output.Reset();
      return;
    }
    output_->Event({{"event", "output"},
                    {"program", program->name},
                    {"text", std::string(bytes.data(), static_cast<size_t>(got))}});
  }
}

// What a program has printed comes before its end.
void Programs::OnEnded(const Ended& ended) {
  nlohmann::json event = {{"event", "ended"}};
  AddEnd(ended, &event);
  for (Program& program : programs_) {
    if (program.pid == ended.pid) {
      Read(&program);
      event["program"] = program.name;
      program.pid = -1;
    }
  }
  output_->Event(event);
  Forget();
}

void Programs::Forget() {
  std::erase_if(programs_, [](const Program& one) { return one.pid < 0 && !one.output.valid(); });
}

}  // namespace lastack
