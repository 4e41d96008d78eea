// Making the two hosts and their link, and taking them down again.
#include "testbed/testbed.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "testbed/addresses.h"
#include "testbed/launch.h"
#include "testbed/link.h"
#include "testbed/sysctl.h"

namespace lastack {
namespace {

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

struct Testbed::Relay {
  RelayNetwork network;
  HostProcess process;
  Host channel;
};

Testbed::Testbed(const Scenario& scenario, Programs programs)
    : scenario_(scenario), programs_(std::move(programs)) {}

Result<std::unique_ptr<Testbed>> Testbed::Create(const Scenario& scenario,
                                                 const Programs& programs) {
  if (scenario.hosts.size() != 2) {
    return Fail(ErrorKind::kScenario, "a testbed has two hosts");
  }
  Result<NetworkVisit> visit = NetworkVisit::Begin();
  if (!visit) {
    return Fail(visit.error());
  }
  std::unique_ptr<Testbed> testbed(new Testbed(scenario, programs));
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
  Status done = scenario.wire ? testbed->JoinThroughRelay(&*visit)
                              : JoinDirectly(&parts[0].network, &parts[1].network);
  testbed->hosts_.resize(parts.size());
  for (size_t number = 0; done && number < parts.size(); ++number) {
    done = testbed->Start(number, &*visit);
  }
  for (size_t number = 0; done && number < parts.size(); ++number) {
    done = testbed->WaitUntilReady(number);
  }
  if (!done) {
    return Fail(done.error());
  }
  return testbed;
}

Status Testbed::JoinThroughRelay(NetworkVisit* visit) {
  Result<RelayNetwork> network = MakeRelayNetwork(visit);
  if (!network) {
    return Fail(network.error());
  }
  relay_ =
      std::make_unique<Relay>(Relay{.network = std::move(*network), .process = {}, .channel = {}});
  std::vector<std::string> arguments;
  for (size_t number = 0; number < parts_.size(); ++number) {
    const Result<std::string> interface = JoinToRelay(&parts_[number].network, &relay_->network);
    if (!interface) {
      return Fail(interface.error());
    }
    arguments.push_back(scenario_.hosts[number].name + "=" + *interface);
  }
  Result<LaunchedHost> launched = LaunchHost(programs_.wire, arguments);
  if (!launched) {
    return Fail(launched.error());
  }
  relay_->process = std::move(launched->process);
  relay_->channel.name = std::string(kWireName);
  relay_->channel.pid = relay_->process.pid();
  relay_->channel.to_host = std::move(launched->to_host);
  relay_->channel.from_host = std::move(launched->from_host);
  return {};
}

Status Testbed::Start(size_t number, NetworkVisit* visit) {
  const HostSpec& spec = scenario_.hosts[number];
  Part& part = parts_[number];
  const auto about = [&](const Error& error) { return Fail(AboutHost(spec.name, error)); };
  if (Status entered = visit->Enter(part.network.descriptor); !entered) {
    return about(entered.error());
  }
  Result<std::map<std::string, std::string>> sysctl =
      ApplySysctls(*visit, scenario_.wire ? Sysctls{} : LosslessLinkSysctls(), Unknown::kLeaveOut);
  if (!sysctl) {
    return about(sysctl.error());
  }
  Result<std::map<std::string, std::string>> own =
      ApplySysctls(*visit, spec.sysctl, Unknown::kRefuse);
  if (!own) {
    return about(own.error());
  }
  own->merge(*sysctl);
  Result<LaunchedHost> launched = LaunchHost(programs_.host);
  if (!launched) {
    return about(launched.error());
  }
  part.process = std::move(launched->process);
  Fd network(fcntl(part.network.descriptor.get(), F_DUPFD_CLOEXEC, 0));
  if (!network.valid()) {
    return FailErrno("cannot duplicate a descriptor");
  }
  hosts_[number] =
      Host{.name = spec.name,
           .pid = part.process.pid(),
           .to_host = std::move(launched->to_host),
           .from_host = std::move(launched->from_host),
           .network = std::move(network),
           .addresses = RoleAddresses(part.network.layout.host_index, scenario_.family),
           .sysctl = std::move(*own)};
  return {};
}

Status Testbed::WaitUntilReady(size_t number) {
  Network& network = parts_[number].network;
  const Status up = WaitForLink(&network);
  return up ? WaitForAddresses(&network, Addresses6(network.layout)) : up;
}

void Testbed::EndHost(const std::string& host_name) {
  parts_[NumberOf(host_name)].process.End();
}

Result<std::string> Testbed::StartAgain(const std::string& host_name) {
  const size_t number = NumberOf(host_name);
  Result<NetworkVisit> visit = NetworkVisit::Begin();
  if (!visit) {
    return Fail(visit.error());
  }
  Result<Network> network = MakeNetwork(scenario_, scenario_.hosts[number], &*visit);
  if (!network) {
    return Fail(AboutHost(host_name, network.error()));
  }
  parts_[number].network = std::move(*network);
  Result<std::string> interface = JoinToRelay(&parts_[number].network, &relay_->network);
  if (!interface) {
    return Fail(AboutHost(host_name, interface.error()));
  }
  Status done = Start(number, &*visit);
  if (done) {
    done = WaitUntilReady(number);
  }
  if (!done) {
    return Fail(done.error());
  }
  return interface;
}

// With PID 1 of its namespace dies all that is in a host; ~HostProcess kills it.
Testbed::~Testbed() = default;

Host* Testbed::relay() {
  return relay_ ? &relay_->channel : nullptr;
}

size_t Testbed::NumberOf(const std::string& host) const {
  const auto found = std::find_if(
      hosts_.begin(), hosts_.end(), [&host](const Host& one) { return one.name == host; });
  if (found == hosts_.end()) {
    std::abort();  // the loader has checked every name
  }
  return static_cast<size_t>(found - hosts_.begin());
}

Host& Testbed::host(const std::string& name) {
  return name == kWireName && relay_ ? relay_->channel : hosts_[NumberOf(name)];
}

Status Testbed::RemoveAddresses(const std::string& host_name) {
  Network& network = parts_[NumberOf(host_name)].network;
  NetlinkBatch batch;
  RemoveOwnAddresses(network.layout, &batch);
  const Status done = network.netlink.Send(batch);
  return done ? done : Status(Fail(AboutHost(host_name, done.error())));
}

Status Testbed::AddAddresses(const std::string& host_name) {
  Network& network = parts_[NumberOf(host_name)].network;
  NetlinkBatch batch;
  AddOwnAddresses(network.layout, &batch);
  Status done = network.netlink.Send(batch);
  if (done && network.layout.v6) {
    done = WaitForAddresses(&network, {host(host_name).addresses.at("own6")});
  }
  return done ? done : Status(Fail(AboutHost(host_name, done.error())));
}

void Testbed::Keep() {
  for (Part& part : parts_) {
    part.process.Release();
  }
  if (relay_) {
    relay_->process.Release();
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

Result<Programs> FindPrograms() {
  Result<std::string> host = FindProgram("lastack-host");
  if (!host) {
    return Fail(host.error());
  }
  Result<std::string> wire = FindProgram("lastack-wire");
  if (!wire) {
    return Fail(wire.error());
  }
  return Programs{.host = std::move(*host), .wire = std::move(*wire)};
}

}  // namespace lastack
