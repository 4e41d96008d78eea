// Writing and reading /proc/sys/net of the calling thread's namespace.
#include "testbed/sysctl.h"

#include <dirent.h>
#include <fcntl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <string_view>

#include <fmt/format.h>

#include "base/errno_name.h"
#include "base/strings.h"

namespace lastack {
namespace {

std::vector<std::string> EntriesOf(const std::string& directory) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(opendir(directory.c_str()), closedir);
  if (stream == nullptr) {
    return names;
  }
  // readdir is safe as long as no two threads share the stream.
  while (const dirent* entry = readdir(stream.get())) {  // NOLINT(concurrency-mt-unsafe)
    names.emplace_back(std::begin(entry->d_name));
  }
  return names;
}

// The existing name that was probably meant. A slip of the pen does not change the length by more
// than two, whereas a longer name is more likely one of another kernel version.
std::string MeantName(const std::string& name, const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string leaf = path.substr(slash + 1);
  std::vector<std::string> candidates = EntriesOf(path.substr(0, slash));
  std::erase_if(candidates, [&leaf](const std::string& candidate) {
    return candidate.size() > leaf.size() + 2 || leaf.size() > candidate.size() + 2;
  });
  const std::string nearest = Nearest(leaf, candidates);
  return nearest.empty() ? "" : name.substr(0, name.size() - leaf.size()) + nearest;
}

Error MissingError(const std::string& name, const std::string& path) {
  const std::string meant = MeantName(name, path);
  if (!meant.empty()) {
    return {ErrorKind::kScenario,
            fmt::format("there is no sysctl {}", name),
            fmt::format("did you mean {}?", meant)};
  }
  return {ErrorKind::kUnsupported,
          fmt::format("a host has no sysctl {}", name),
          "this kernel does not have it, or only for the whole machine"};
}

Error WriteError(const std::string& name, const std::string& value, int errno_value) {
  const std::string what = fmt::format("cannot set sysctl {} to \"{}\"", name, value);
  switch (errno_value) {
    case EINVAL:
    case ERANGE:
    case ENOENT:  // a congestion control that does not exist
      return {ErrorKind::kScenario,
              fmt::format("{}: {}", what, ErrnoText(errno_value)),
              "the kernel refuses this value"};
    case EACCES:
    case EPERM:
      return {
          ErrorKind::kScenario,
          fmt::format("{}: {}", what, ErrnoText(errno_value)),
          "it is read-only in a host: the kernel has it for the whole machine, or only reports it"};
    default:
      return SystemError(what, errno_value);
  }
}

Status Write(const std::string& name, const std::string& path, const std::string& value) {
  const Fd file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file.valid()) {
    return Fail(errno == ENOENT ? MissingError(name, path) : WriteError(name, value, errno));
  }
  const ssize_t written = write(file.get(), value.data(), value.size());
  if (written < 0) {
    return Fail(WriteError(name, value, errno));
  }
  if (static_cast<size_t>(written) != value.size() || value.empty()) {
    return Fail(WriteError(name, value, EINVAL));
  }
  return {};
}

Result<std::string> Read(const std::string& name, const std::string& path) {
  const Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 4096> text{};
  const ssize_t size = file.valid() ? read(file.get(), text.data(), text.size()) : -1;
  if (size < 0) {
    return FailErrno(fmt::format("cannot read sysctl {}", name));
  }
  std::string value(text.data(), static_cast<size_t>(size));
  std::replace(value.begin(), value.end(), '\t', ' ');
  value.erase(value.find_last_not_of(" \n") + 1);
  return value;
}

Status CheckAway(const NetworkVisit& inside) {
  if (!inside.away()) {
    return Fail(ErrorKind::kSystem,
                "sysctls may be set in a host only, not in the machine's own namespace");
  }
  return {};
}

}  // namespace

const Sysctls& DefaultSysctls() {
  static const Sysctls kDefaults = {
      // A new namespace inherits these two from the machine, which may be a router (containers do
      // that) or filter
      // strictly; a host of an experiment must neither forward strays nor drop what comes the
      // expected way.
      {"net.ipv4.ip_forward", "0"},
      {"net.ipv4.conf.all.rp_filter", "0"},
      {"net.ipv4.conf.default.rp_filter", "0"},
      // IPv6 works whatever the machine has, with the addresses of the run only and usable at once:
      // no duplicate
      // address detection, no link-local address, no router solicitations or advertisements on the
      // wire.
      {"net.ipv6.conf.all.disable_ipv6", "0"},
      {"net.ipv6.conf.default.disable_ipv6", "0"},
      {"net.ipv6.conf.default.accept_dad", "0"},
      {"net.ipv6.conf.default.dad_transmits", "0"},
      {"net.ipv6.conf.default.addr_gen_mode", "1"},
      {"net.ipv6.conf.default.router_solicitations", "0"},
      {"net.ipv6.conf.default.accept_ra", "0"},
  };
  return kDefaults;
}

const Sysctls& LosslessLinkSysctls() {
  static const Sysctls kSysctls = {{"net.ipv4.tcp_rto_min_us", "500000"}};
  return kSysctls;
}

Result<std::string> SysctlPath(const std::string& name) {
  const std::vector<std::string> parts = Split(name, '.');
  const bool well_formed = name.find('/') == std::string::npos &&
                           std::find(parts.begin(), parts.end(), std::string{}) == parts.end();
  if (!well_formed || parts.size() < 3 || parts.front() != "net") {
    return Fail(ErrorKind::kScenario,
                fmt::format("\"{}\" is not a sysctl of a network namespace", name),
                "use a name such as net.ipv4.tcp_fin_timeout");
  }
  return "/proc/sys/" + Join(parts, "/");
}

Result<std::map<std::string, std::string>> ApplySysctls(const NetworkVisit& inside,
                                                        const Sysctls& sysctls,
                                                        Unknown unknown) {
  if (Status away = CheckAway(inside); !away) {
    return Fail(away.error());
  }
  std::map<std::string, std::string> applied;
  for (const auto& [name, value] : sysctls) {
    const Result<std::string> path = SysctlPath(name);
    if (!path) {
      return Fail(path.error());
    }
    if (unknown == Unknown::kLeaveOut && access(path->c_str(), F_OK) != 0) {
      continue;
    }
    if (Status written = Write(name, *path, value); !written) {
      return Fail(written.error());
    }
    Result<std::string> read_back = Read(name, *path);
    if (!read_back) {
      return Fail(read_back.error());
    }
    applied[name] = std::move(*read_back);
  }
  return applied;
}

}  // namespace lastack
