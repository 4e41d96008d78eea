// Probing capabilities: each by doing, in a throw-away namespace, what a run would do.
#include "testbed/capability.h"

#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>

#include <fmt/format.h>

#include "base/result.h"
#include "testbed/netns.h"
#include "testbed/rtnetlink.h"

namespace lastack {
namespace {

constexpr uid_t kOtherUser = 65534;  // nobody

// Makes the capability from what was tried.
Capability Make(std::string name, std::string what, const Status& tried) {
  Capability capability{.name = std::move(name),
                        .available = tried.has_value(),
                        .what = std::move(what),
                        .why = {},
                        .hint = {},
                        .required = false};
  if (!tried) {
    capability.why = tried.error().message;
    capability.hint = tried.error().hint;
  }
  return capability;
}

Status Hinted(Error error, std::string hint) {
  if (error.hint.empty()) {
    error.hint = std::move(hint);
  }
  return Fail(std::move(error));
}

// Root of the machine: every user is mapped to itself. Source: user_namespaces(7).
Status TryRoot() {
  uint64_t inside = 1;
  uint64_t outside = 1;
  uint64_t count = 0;
  std::ifstream("/proc/self/uid_map") >> inside >> outside >> count;
  if (geteuid() == 0 && inside == 0 && outside == 0 && count == UINT32_MAX) {
    return {};
  }
  return Fail(ErrorKind::kPermission, "not root on this machine", "run as root");
}

// Runs in a process of its own, as the identity of a process cannot be given back.
[[noreturn]] void BecomeOtherUser() {
  const bool done = setresuid(kOtherUser, kOtherUser, kOtherUser) == 0;
  _exit(done ? 0 : 1);
}

Status TryTwoUsers() {
  const pid_t child = fork();
  if (child < 0) {
    return FailErrno("cannot fork");
  }
  if (child == 0) {
    BecomeOtherUser();
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
    return {};
  }
  return Fail(ErrorKind::kPermission,
              fmt::format("a process here cannot become user {}", kOtherUser),
              "run as root; a user namespace has one user only");
}

// A network namespace is entered by the caller; this tries the PID namespace.
Status TryPidNamespace() {
  // clone(2) without a stack and without CLONE_VM is fork(2).
  const auto child =
      static_cast<pid_t>(syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, nullptr, nullptr, nullptr, 0));
  if (child == 0) {
    _exit(0);
  }
  if (child < 0) {
    return Hinted(SystemError("cannot make a PID namespace", errno),
                  "run as root, or raise user.max_pid_namespaces");
  }
  while (waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  return {};
}

// Both ends are called eth0, so each needs a namespace of its own.
Status TryVeth(const Fd& first, NetworkVisit* visit) {
  const Result<Fd> second = visit->EnterNew();
  Result<NetlinkSocket> netlink = NetlinkSocket::Open(NETLINK_ROUTE);
  if (!second || !netlink) {
    return Fail(second ? netlink.error() : second.error());
  }
  NetlinkBatch batch;
  batch.CreateVeth({.index = 2, .mac = HostMac(0)}, {.index = 3, .mac = HostMac(1)}, first.get());
  const Status made = netlink->Send(batch);
  return made ? made : Hinted(made.error(), "the kernel needs CONFIG_VETH (modprobe veth)");
}

Status TryCapture() {
  const Fd packets(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
  if (!packets.valid()) {
    return Hinted(SystemError("cannot open a packet socket", errno),
                  "run as root; the kernel needs CONFIG_PACKET");
  }
  return {};
}

Status TryIpv6() {
  const Fd tcp(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!tcp.valid()) {
    return Hinted(SystemError("cannot open an IPv6 socket", errno), "boot without ipv6.disable=1");
  }
  if (access("/proc/sys/net/ipv6/conf/all/disable_ipv6", F_OK) != 0) {
    return Fail(ErrorKind::kUnsupported, "a host has no IPv6", "boot without ipv6.disable=1");
  }
  return {};
}

std::vector<uint8_t> DiagRequest(uint16_t type, int flags) {
  struct {
    nlmsghdr header{};
    inet_diag_req_v2 request{};
  } message;
  message.header.nlmsg_len = sizeof message;
  message.header.nlmsg_type = type;
  message.header.nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | flags);
  message.request.sdiag_family = AF_INET;
  message.request.sdiag_protocol = IPPROTO_TCP;
  message.request.id.idiag_cookie[0] = INET_DIAG_NOCOOKIE;
  message.request.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
  std::vector<uint8_t> bytes(sizeof message);
  std::memcpy(bytes.data(), &message, sizeof message);
  return bytes;
}

// Returns 0 or an errno.
int AskDiag(uint16_t type, int flags) {
  Result<NetlinkSocket> diag = NetlinkSocket::Open(NETLINK_SOCK_DIAG);
  return diag ? diag->Exchange(DiagRequest(type, flags), {}) : EPROTONOSUPPORT;
}

Status TrySockDiag() {
  // A dump, because a single request says ENOENT also when there is only no such socket.
  const int error = AskDiag(SOCK_DIAG_BY_FAMILY, NLM_F_DUMP);
  if (error == 0) {
    return {};
  }
  return Hinted(SystemError("the kernel does not report TCP sockets", error),
                "the kernel needs CONFIG_INET_TCP_DIAG (modprobe tcp_diag)");
}

Status TrySockDestroy() {
  // There is no socket in the namespace, so ENOENT says that it would have been destroyed.
  const int error = AskDiag(SOCK_DESTROY, NLM_F_ACK);
  if (error == 0 || error == ENOENT) {
    return {};
  }
  return Hinted(SystemError("the kernel does not destroy sockets on request", error),
                "the kernel needs CONFIG_INET_DIAG_DESTROY");
}

Status TryBpf() {
  if (access("/sys/kernel/btf/vmlinux", R_OK) != 0) {
    return Hinted(SystemError("cannot read /sys/kernel/btf/vmlinux", errno),
                  "the kernel needs CONFIG_DEBUG_INFO_BTF");
  }
  // "return 0", of the type the observer uses; only tracing privileges let it load.
  std::array<bpf_insn, 2> program{};
  program[0].code = BPF_ALU64 | BPF_MOV | BPF_K;
  program[1].code = BPF_JMP | BPF_EXIT;
  constexpr std::array<char, 4> kLicense = {"GPL"};
  bpf_attr attributes{};
  attributes.prog_type = BPF_PROG_TYPE_RAW_TRACEPOINT;
  attributes.insn_cnt = program.size();
  attributes.insns = std::bit_cast<uintptr_t>(program.data());
  attributes.license = std::bit_cast<uintptr_t>(kLicense.data());
  const Fd loaded(
      static_cast<int>(syscall(SYS_bpf, BPF_PROG_LOAD, &attributes, sizeof attributes)));
  if (!loaded.valid()) {
    return Hinted(SystemError("cannot load a BPF program", errno),
                  "run as root, outside a container without CAP_BPF and CAP_PERFMON");
  }
  return {};
}

// Those that need a namespace, in one that is thrown away.
void ProbeInside(std::vector<Capability>* capabilities) {
  Fd network;
  Result<NetworkVisit> visit = NetworkVisit::Begin();
  Status inside = visit ? Status{} : Status(Fail(visit.error()));
  if (visit) {
    Result<Fd> entered = visit->EnterNew();
    if (entered) {
      network = std::move(*entered);
    } else {
      inside = Fail(entered.error());
    }
  }
  const auto probe = [&](const char* name, const char* what, auto&& attempt) {
    capabilities->push_back(Make(name, what, inside ? attempt() : inside));
    return &capabilities->back();
  };
  probe("namespaces", "hosts", TryPidNamespace)->required = true;
  probe("veth", "the link between the hosts", [&] { return TryVeth(network, &*visit); })->required =
      true;
  probe("capture", "segments as evidence", TryCapture)->required = true;
  probe("sock-diag", "socket states as evidence", TrySockDiag)->required = true;
  probe("ipv6", "scenarios with family v6 or mapped", TryIpv6);
  probe("sock-destroy", "scenarios with a destroy step", TrySockDestroy);
}

}  // namespace

std::vector<Capability> ProbeCapabilities() {
  std::vector<Capability> capabilities;
  capabilities.push_back(Make("root", "scenarios that need the machine's root", TryRoot()));
  capabilities.push_back(Make("two-users", "peers of different users", TryTwoUsers()));
  ProbeInside(&capabilities);
  capabilities.push_back(Make("bpf", "every state change as evidence, not samples", TryBpf()));
  return capabilities;
}

}  // namespace lastack
