// The testbed of one run: two hosts (namespaces with a lastack-host in each) joined by a link.
//
// Threads: a Testbed belongs to the thread that made it; several threads may each have one.
// Everything is held by descriptor and pipe: destroying the Testbed, or the death of this process
// by any signal, ends the hosts and with them the namespaces.
#pragma once

#include <sys/types.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "scenario/model.h"

namespace lastack {

class NetworkVisit;

// A lastack-host that runs in its own network and PID namespace.
struct Host {
  std::string name;
  pid_t pid = -1;                                // as this process sees it
  Fd to_host;                                    // its stdin
  Fd from_host;                                  // its stdout, non-blocking
  Fd network;                                    // its network namespace
  std::map<std::string, std::string> addresses;  // role (AddressNames()) → address, all families
  std::map<std::string, std::string> sysctl;     // what the scenario set, as read back
};

struct TestbedOptions {
  std::string host_program;  // path of lastack-host; see FindProgram
};

class Testbed {
 public:
  // Makes namespaces, veth `eth0` on both sides, addresses, static neighbours, routes with quickack
  // (unless the host has delayed_ack), offloads off, sysctls, and starts both hosts; returns once
  // the link carries frames. Errors: kPermission or kUnsupported with what to do; kScenario for a
  // sysctl that does not exist per network namespace, or a value it refuses.
  [[nodiscard]] static Result<std::unique_ptr<Testbed>> Create(const Scenario& scenario,
                                                               const TestbedOptions& options);
  ~Testbed();
  Testbed(const Testbed&) = delete;
  Testbed& operator=(const Testbed&) = delete;
  Testbed(Testbed&&) = delete;
  Testbed& operator=(Testbed&&) = delete;

  [[nodiscard]] std::vector<Host>& hosts() { return hosts_; }
  [[nodiscard]] Host& host(const std::string& name);

  // Removes or adds the host's `own` addresses (v4 and v6) on eth0.
  [[nodiscard]] Status ChangeAddress(const std::string& host, AddressChange change);

  // Lets go without ending the hosts (for --keep): they go on when this process ends. Send them
  // `keep` first.
  void Keep();

 private:
  struct Part;  // what belongs to a host and nobody else needs
  Testbed();
  [[nodiscard]] Status StartHosts(const Scenario& scenario,
                                  const TestbedOptions& options,
                                  NetworkVisit* visit);
  [[nodiscard]] Status Start(const Scenario& scenario,
                             const HostSpec& spec,
                             const TestbedOptions& options,
                             Part* part,
                             NetworkVisit* visit);

  std::vector<Host> hosts_;
  std::vector<Part> parts_;  // in the order of hosts_
};

// Enters a user namespace of its own when this process is not root, so that the rest may make
// network namespaces; call once, before any thread exists. It enters a new, empty network namespace
// with it, because only to one that it owns can a thread come back from the hosts: do not call it
// in a command that is about the machine's own network. As root: does nothing. Errors: kPermission
// with what an administrator has to change.
[[nodiscard]] Status EnterUserNamespaceIfNeeded();

// "lastack-host" or "lastack-peer": beside /proc/self/exe, then in ../libexec/lastack. kSystem if
// it is in neither.
[[nodiscard]] Result<std::string> FindProgram(const std::string& name);

}  // namespace lastack
