// Writes evidence files whole and reads a run back.
#include "record/store.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/errno_name.h"
#include "base/fd.h"
#include "record/event_json.h"
#include "record/pcapng.h"

namespace lastack {
namespace {

std::string FolderOf(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

// Not SystemError: a folder that may not be written to is no reason to skip a scenario.
tl::unexpected<Error> CannotWrite(const std::string& path, int errno_value) {
  return Fail(
      ErrorKind::kSystem,
      fmt::format("cannot write {}: {}", path, ErrnoText(errno_value)),
      fmt::format("make room in {} and see that you may write there, or choose another folder "
                  "with --evidence",
                  FolderOf(path)));
}

tl::unexpected<Error> CannotRead(const std::string& path, int errno_value) {
  return Fail(ErrorKind::kSystem,
              fmt::format("cannot read {}: {}", path, ErrnoText(errno_value)),
              "name the folder of one run, the one with events.jsonl in it");
}

// Returns 0 or the errno of what failed.
int WriteAll(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(fd, text.data(), text.size());
    if (written < 0 && errno != EINTR) {
      return errno;
    }
    text.remove_prefix(written < 0 ? 0 : static_cast<size_t>(written));
  }
  return 0;
}

// The hosts of a run are those whose addresses its run_started event lists.
Result<std::vector<std::string>> HostsOf(const std::vector<Event>& events,
                                         const std::string& file) {
  const auto started = Select<RunStarted>(events);
  if (started.empty()) {
    return Fail(ErrorKind::kSystem, file + ": no run_started event");
  }
  std::vector<std::string> hosts;
  for (const auto& [host, addresses] : started.front().data->addresses) {
    if (host.empty() || host.find('/') != std::string::npos) {
      return Fail(ErrorKind::kSystem, fmt::format("{}: \"{}\" cannot be a host", file, host));
    }
    hosts.push_back(host);
  }
  return hosts;
}

Result<Capture> ReadCapture(const std::string& directory, const std::string& host) {
  const std::string path = fmt::format("{}/{}.pcapng", directory, host);
  const Result<std::string> bytes = ReadWholeFile(path);
  if (!bytes) {
    return Fail(bytes.error());
  }
  Result<Capture> capture =
      DecodePcapng(reinterpret_cast<const uint8_t*>(bytes->data()), bytes->size());
  if (!capture) {
    return Fail(capture.error().kind, path + ": " + capture.error().message, capture.error().hint);
  }
  capture->host = host;
  return capture;
}

Result<std::string> ReadScenario(const std::string& path) {
  Result<std::string> text = ReadWholeFile(path);
  if (text && !nlohmann::json::accept(*text)) {
    return Fail(ErrorKind::kSystem, path + ": is not JSON");
  }
  return text;
}

// Where the file system has no files without a name: a death in the middle leaves the partial file.
Status WriteThroughPartial(const std::string& path, std::string_view text) {
  const std::string partial = path + ".partial";
  const Fd fd(open(partial.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666));
  if (!fd.valid()) {
    return CannotWrite(path, errno);
  }
  int error = WriteAll(fd.get(), text);
  if (error == 0 && std::rename(partial.c_str(), path.c_str()) != 0) {
    error = errno;
  }
  if (error != 0) {
    unlink(partial.c_str());
    return CannotWrite(path, error);
  }
  return {};
}

}  // namespace

Status WriteFileAtomically(const std::string& path, std::string_view text) {
  const Fd fd(open(FolderOf(path).c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666));
  if (!fd.valid()) {
    return errno == EOPNOTSUPP ? WriteThroughPartial(path, text) : CannotWrite(path, errno);
  }
  if (const int error = WriteAll(fd.get(), text); error != 0) {
    return CannotWrite(path, error);
  }
  // A file without a name cannot replace one that has it.
  if (unlink(path.c_str()) != 0 && errno != ENOENT) {
    return CannotWrite(path, errno);
  }
  const std::string nameless = fmt::format("/proc/self/fd/{}", fd.get());
  if (linkat(AT_FDCWD, nameless.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW) != 0) {
    return CannotWrite(path, errno);
  }
  return {};
}

Result<std::string> ReadWholeFile(const std::string& path) {
  const Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) {
    return CannotRead(path, errno);
  }
  std::string text;
  std::array<char, 65536> buffer{};
  while (true) {
    const ssize_t size = read(fd.get(), buffer.data(), buffer.size());
    if (size == 0) {
      return text;
    }
    if (size < 0 && errno != EINTR) {
      return CannotRead(path, errno);
    }
    text.append(buffer.data(), size < 0 ? 0 : static_cast<size_t>(size));
  }
}

Result<StoredRun> ReadRun(const std::string& directory) {
  StoredRun run;
  const std::string events_file = directory + "/events.jsonl";
  Result<std::string> scenario = ReadScenario(directory + "/scenario.json");
  if (!scenario) {
    return Fail(std::move(scenario.error()));
  }
  run.scenario_json = std::move(*scenario);
  const Result<std::string> lines = ReadWholeFile(events_file);
  if (!lines) {
    return Fail(lines.error());
  }
  Result<std::vector<Event>> events = EventsFromJsonLines(*lines, events_file);
  if (!events) {
    return Fail(std::move(events.error()));
  }
  run.evidence.events = std::move(*events);
  const Result<std::vector<std::string>> hosts = HostsOf(run.evidence.events, events_file);
  if (!hosts) {
    return Fail(hosts.error());
  }
  for (const std::string& host : *hosts) {
    Result<Capture> capture = ReadCapture(directory, host);
    if (!capture) {
      return Fail(std::move(capture.error()));
    }
    run.evidence.captures.push_back(std::move(*capture));
  }
  return run;
}

}  // namespace lastack
