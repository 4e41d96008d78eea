// Making the two hosts and their link, and taking them down again.
#include "testbed/testbed.h"

#include <fcntl.h>
#include <linux/netlink.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <optional>

#include <fmt/format.h>

#include "base/time.h"
#include "testbed/addresses.h"
#include "testbed/host_network.h"
#include "testbed/launch.h"
#include "testbed/netns.h"
#include "testbed/rtnetlink.h"
#include "testbed/sysctl.h"

namespace lastack {
namespace {

constexpr Duration kReadyWithin = std::chrono::seconds(5);  // usually below a millisecond

// A host in the making: its namespace, and what configures it from anywhere.
struct Network {
  Fd descriptor;
  NetlinkSocket netlink;
  HostNetwork layout;
};

Result<Network> MakeNetwork(const Scenario& scenario, const HostSpec& spec, NetworkVisit* visit) {
  Result<Fd> descriptor = visit->EnterNew();
  if (!descriptor) {
    return Fail(descriptor.error());
  }
  if (Status defaults = ApplyDefaultSysctls(*visit); !defaults) {
    return Fail(defaults.error());
  }
  Result<NetlinkSocket> netlink = NetlinkSocket::Open(NETLINK_ROUTE);
  if (!netlink) {
    return Fail(netlink.error());
  }
  return Network{.descriptor = std::move(*descriptor),
                 .netlink = std::move(*netlink),
                 .layout = {.host_index = HostIndex(scenario, spec.name),
                            .v6 = access("/proc/sys/net/ipv6", F_OK) == 0,
                            .quickack = !spec.delayed_ack}};
}

// The direct link: a veth pair, and each host's own configuration.
Status Join(Network* here, Network* there) {
  NetlinkBatch batch;
  const auto end = [](const Network& network) {
    const int index = network.layout.host_index;
    return VethEnd{.index = LinkIndex(index), .mac = HostMac(index)};
  };
  batch.CreateVeth(end(*here), end(*there), there->descriptor.get());
  SetUpHost(here->layout, &batch);
  if (Status made = here->netlink.Send(batch); !made) {
    return made;
  }
  NetlinkBatch other;
  other.SetUpLink(LinkIndex(there->layout.host_index));
  SetUpHost(there->layout, &other);
  if (Status made = there->netlink.Send(other); !made) {
    return made;
  }
  if (Status off = DisableChecksumOffload(here->netlink.fd(), "eth0"); !off) {
    return off;
  }
  return DisableChecksumOffload(there->netlink.fd(), "eth0");
}

// Asks until the answer is yes. Questions are cheap and answers come within a millisecond, so it
// asks often.
Status WaitUntil(const std::string& what, const std::function<Result<bool>()>& question) {
  const Deadline deadline(kReadyWithin);
  while (!deadline.Expired()) {
    const Result<bool> answer = question();
    if (!answer) {
      return Fail(answer.error());
    }
    if (*answer) {
      return {};
    }
    const timespec pause{.tv_sec = 0, .tv_nsec = 50'000};
    ppoll(nullptr, 0, &pause, nullptr);
  }
  return Fail(ErrorKind::kSystem, fmt::format("{} within {}", what, FormatDuration(kReadyWithin)));
}

// Until the kernel's link watch has started the queues of a new link, frames are dropped silently.
Status WaitForLink(Network* network) {
  return WaitUntil("the link between the hosts did not come up", [network] {
    return network->netlink.CarriesFrames(LinkIndex(network->layout.host_index));
  });
}

Status WaitForAddresses(Network* network, const std::vector<std::string>& addresses) {
  NetlinkBatch batch;
  for (const std::string& address : addresses) {
    Status local = WaitUntil(fmt::format("address {} did not become local", address),
                             [&] { return network->netlink.IsLocal(address); });
    if (!local) {
      return local;
    }
    SetLocalRoute6(network->layout, address, &batch);
  }
  return network->netlink.Send(batch);
}

Error AboutHost(const std::string& host, Error error) {
  error.message = fmt::format("host {}: {}", host, error.message);
  return error;
}

std::optional<std::string> ProgramBeside(const std::filesystem::path& folder,
                                         const std::string& name) {
  const std::string path = (folder / name).lexically_normal().string();
  if (access(path.c_str(), X_OK) == 0) {
    return path;
  }
  return std::nullopt;
}

}  // namespace

struct Testbed::Part {
  Network network;
  HostProcess process;
};

Testbed::Testbed() = default;

Result<std::unique_ptr<Testbed>> Testbed::Create(const Scenario& scenario,
                                                 const TestbedOptions& options) {
  if (scenario.hosts.size() != 2) {
    return Fail(ErrorKind::kScenario, "a testbed has two hosts");
  }
  Result<NetworkVisit> visit = NetworkVisit::Begin();
  if (!visit) {
    return Fail(visit.error());
  }
  std::unique_ptr<Testbed> testbed(new Testbed());
  std::vector<Part>& parts = testbed->parts_;
  for (const HostSpec& spec : scenario.hosts) {
    Result<Network> network = MakeNetwork(scenario, spec, &*visit);
    if (!network) {
      return Fail(network.error());
    }
    parts.push_back(Part{.network = std::move(*network), .process = {}});
  }
  if (scenario.family == Family::kV6 && !parts[0].network.layout.v6) {
    return Fail(ErrorKind::kUnsupported, "this machine has no IPv6", "boot without ipv6.disable=1");
  }
  Status done = Join(&parts[0].network, &parts[1].network);
  if (done) {
    done = testbed->StartHosts(scenario, options, &*visit);
  }
  for (Part& part : parts) {
    if (done) {
      done = WaitForLink(&part.network);
    }
    if (done) {
      done = WaitForAddresses(&part.network, Addresses6(part.network.layout));
    }
  }
  if (!done) {
    return Fail(done.error());
  }
  return testbed;
}

Status Testbed::StartHosts(const Scenario& scenario,
                           const TestbedOptions& options,
                           NetworkVisit* visit) {
  hosts_.resize(parts_.size());
  for (size_t number = 0; number < parts_.size(); ++number) {
    const HostSpec& spec = scenario.hosts[number];
    const Status started = Start(scenario, spec, options, &parts_[number], visit);
    if (!started) {
      return Fail(AboutHost(spec.name, started.error()));
    }
  }
  return {};
}

Status Testbed::Start(const Scenario& scenario,
                      const HostSpec& spec,
                      const TestbedOptions& options,
                      Part* part,
                      NetworkVisit* visit) {
  if (Status entered = visit->Enter(part->network.descriptor); !entered) {
    return entered;
  }
  Result<std::map<std::string, std::string>> sysctl = ApplySysctls(*visit, spec.sysctl);
  if (!sysctl) {
    return Fail(sysctl.error());
  }
  Result<LaunchedHost> launched = LaunchHost(options.host_program);
  if (!launched) {
    return Fail(launched.error());
  }
  part->process = std::move(launched->process);
  Fd network(fcntl(part->network.descriptor.get(), F_DUPFD_CLOEXEC, 0));
  if (!network.valid()) {
    return FailErrno("cannot duplicate a descriptor");
  }
  Host& host = hosts_[static_cast<size_t>(part - parts_.data())];
  host = Host{.name = spec.name,
              .pid = part->process.pid(),
              .to_host = std::move(launched->to_host),
              .from_host = std::move(launched->from_host),
              .network = std::move(network),
              .addresses = RoleAddresses(part->network.layout.host_index, scenario.family),
              .sysctl = std::move(*sysctl)};
  return {};
}

// With PID 1 of its namespace dies all that is in a host; ~HostProcess kills it.
Testbed::~Testbed() = default;

Host& Testbed::host(const std::string& name) {
  const auto found = std::find_if(
      hosts_.begin(), hosts_.end(), [&name](const Host& host) { return host.name == name; });
  if (found == hosts_.end()) {
    std::abort();  // the loader has checked every name
  }
  return *found;
}

Status Testbed::ChangeAddress(const std::string& host_name, AddressChange change) {
  Host& changed = host(host_name);
  Network& network = parts_[static_cast<size_t>(&changed - hosts_.data())].network;
  NetlinkBatch batch;
  std::vector<std::string> added6;
  switch (change) {
    case AddressChange::kRemove:
      RemoveOwnAddresses(network.layout, &batch);
      break;
    case AddressChange::kAdd:
      AddOwnAddresses(network.layout, &batch);
      if (network.layout.v6) {
        added6 = {changed.addresses.at("own6")};
      }
      break;
  }
  Status done = network.netlink.Send(batch);
  if (done) {
    done = WaitForAddresses(&network, added6);
  }
  return done ? done : Status(Fail(AboutHost(host_name, done.error())));
}

void Testbed::Keep() {
  for (Part& part : parts_) {
    part.process.Release();
  }
}

Result<std::string> FindProgram(const std::string& name) {
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) {
    return Fail(SystemError("cannot read /proc/self/exe", error.value()));
  }
  for (const std::filesystem::path& folder :
       {self.parent_path(), self.parent_path() / "../libexec/lastack"}) {
    if (std::optional<std::string> path = ProgramBeside(folder, name)) {
      return *path;
    }
  }
  return Fail(ErrorKind::kSystem,
              fmt::format("cannot find the program {}", name),
              fmt::format("it belongs beside {} or into ../libexec/lastack", self.string()));
}

}  // namespace lastack
