#include "rebind/hosts.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "rebind/listener.h"
#include "testbed/addresses.h"
#include "testbed/sysctl.h"

namespace lastack {
namespace {

constexpr int kFirstPort = 2048;
constexpr int kPortsPerAddress = 60'000;
constexpr int kFirstAddress = 100;  // behind own and own2 of both hosts
constexpr int kMostAddresses = 150;

bool IsV6(Listening listening) {
  return listening == Listening::kV6;
}

Scenario MakeScenario(Listening listening) {
  Scenario scenario;
  scenario.family = IsV6(listening) ? Family::kV6 : Family::kV4;
  for (const char* name : {"client", "server"}) {
    HostSpec host;
    host.name = name;
    scenario.hosts.push_back(host);
  }
  return scenario;
}

// Of both hosts. The limit of mini-sockets is raised above what a million connections need; they
// are counted, so that a population that was cut is not mistaken for a whole one.
Sysctls Settings(bool no_time_wait) {
  return {{"net.ipv4.tcp_max_tw_buckets", no_time_wait ? "0" : "4000000"},
          {"net.core.somaxconn", std::to_string(kBacklog)},
          {"net.ipv4.ip_local_port_range", "2048 65535"},
          {"net.ipv4.tcp_syncookies", "0"},
          {"net.ipv4.tcp_max_syn_backlog", std::to_string(kBacklog)}};
}

// A number of /proc/net/sockstat: "TCP: inuse 5 orphan 0 tw 3 …".
Result<int64_t> ReadCount(const std::string& name, std::string_view line, std::string_view key) {
  const std::string path = "/proc/thread-self/net/" + name;
  const Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 1024> text{};
  const ssize_t size = file.valid() ? read(file.get(), text.data(), text.size()) : -1;
  if (size < 0) {
    return FailErrno("cannot read " + path);
  }
  const std::string_view all(text.data(), static_cast<size_t>(size));
  const std::string word = fmt::format(" {} ", key);
  const size_t start = all.find(line);
  const size_t at = start == std::string_view::npos ? start : all.find(word, start);
  int64_t count = 0;
  if (at == std::string_view::npos ||
      std::from_chars(all.data() + at + word.size(), all.data() + all.size(), count).ec !=
          std::errc{}) {
    return Fail(ErrorKind::kSystem, fmt::format("no {} of {} in {}", key, line, path));
  }
  return count;
}

}  // namespace

Result<std::unique_ptr<MeasuringHosts>> MeasuringHosts::Make(const HostsPlan& plan) {
  Result<NetworkVisit> visit = NetworkVisit::Begin();
  if (!visit) {
    return Fail(visit.error());
  }
  std::unique_ptr<MeasuringHosts> hosts(
      new MeasuringHosts(MakeScenario(plan.listening), plan.listening));
  hosts->visit_.emplace(std::move(*visit));
  for (const HostSpec& spec : hosts->scenario_.hosts) {
    Result<Network> network = MakeNetwork(hosts->scenario_, spec, &*hosts->visit_);
    if (!network) {
      return Fail(network.error());
    }
    const bool is_server = spec.name == "server";
    Result<std::map<std::string, std::string>> applied =
        ApplySysctls(*hosts->visit_, Settings(is_server && plan.no_time_wait), Unknown::kRefuse);
    if (!applied) {
      return Fail(applied.error());
    }
    (is_server ? hosts->server_ : hosts->client_).emplace(std::move(*network));
    if (is_server) {
      hosts->sysctl_ = std::move(*applied);
    }
  }
  if (IsV6(plan.listening) && !hosts->server_->layout.v6) {
    return Fail(ErrorKind::kUnsupported, "this machine has no IPv6", "boot without ipv6.disable=1");
  }
  Status done = JoinDirectly(&*hosts->client_, &*hosts->server_);
  for (Network* network : {&*hosts->client_, &*hosts->server_}) {
    done = done ? WaitForLink(network) : done;
    done = done ? WaitForAddresses(network, Addresses6(network->layout)) : done;
  }
  done = done ? hosts->AddClientAddresses(plan.connections) : done;
  if (!done) {
    return Fail(done.error());
  }
  return hosts;  // the thread is in the server's network, which was made last
}

Status MeasuringHosts::AddClientAddresses(int64_t connections) {
  const int64_t wanted = connections / kPortsPerAddress + 1;
  if (wanted > kMostAddresses) {
    return Fail(ErrorKind::kScenario,
                fmt::format("{} connections are more than the clients have ports", connections));
  }
  const bool v6 = IsV6(listening_);
  NetlinkBatch at_client;
  NetlinkBatch at_server;
  for (int64_t i = 0; i < wanted; ++i) {
    const int64_t number = kFirstAddress + i;
    const std::string address =
        v6 ? fmt::format("fd77::{}", number) : fmt::format("10.77.0.{}", number);
    at_client.AddAddress(LinkIndex(client_->layout.host_index), address, v6 ? kPrefixLength6 : 32);
    at_server.AddNeighbour(
        LinkIndex(server_->layout.host_index), address, HostMac(client_->layout.host_index));
    addresses_.push_back(address);
  }
  if (Status sent = client_->netlink.Send(at_client); !sent) {
    return sent;
  }
  if (Status sent = server_->netlink.Send(at_server); !sent) {
    return sent;
  }
  return v6 ? WaitForAddresses(&*client_, addresses_) : Status{};
}

int MeasuringHosts::client_domain() const {
  return IsV6(listening_) ? AF_INET6 : AF_INET;
}

int MeasuringHosts::server_domain() const {
  return listening_ == Listening::kV4 ? AF_INET : AF_INET6;
}

SocketAddress MeasuringHosts::Wildcard(uint16_t port) const {
  return {listening_ == Listening::kV4 ? "0.0.0.0" : "::", port};
}

SocketAddress MeasuringHosts::Server(uint16_t port) const {
  const auto roles = RoleAddresses(server_->layout.host_index, scenario_.family);
  return {roles.at("own"), port};
}

SocketAddress MeasuringHosts::Probing() const {
  const auto roles = RoleAddresses(client_->layout.host_index, scenario_.family);
  return {roles.at("own2"), 0};
}

SocketAddress MeasuringHosts::Client(int64_t number) const {
  const auto places = static_cast<int64_t>(addresses_.size()) * kPortsPerAddress;
  const int64_t place = number % places;
  return {addresses_[static_cast<size_t>(place / kPortsPerAddress)],
          static_cast<uint16_t>(kFirstPort + place % kPortsPerAddress)};
}

Result<int64_t> CountTimeWait() {
  return ReadCount("sockstat", "TCP:", "tw");  // of both families
}

Result<int64_t> CountSockets() {
  const Result<int64_t> v4 = ReadCount("sockstat", "TCP:", "inuse");
  if (!v4 || access("/proc/thread-self/net/sockstat6", F_OK) != 0) {
    return v4;
  }
  const Result<int64_t> v6 = ReadCount("sockstat6", "TCP6:", "inuse");
  return v6 ? Result<int64_t>(*v4 + *v6) : v6;
}

}  // namespace lastack
