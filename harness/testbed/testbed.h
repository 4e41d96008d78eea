// The testbed of one run: two hosts (namespaces with a lastack-host in each) joined by a link,
// direct or through a relay (lastack-wire in a third namespace).
//
// Threads: a Testbed belongs to the thread that made it; several threads may each have one.
// Everything is held by descriptor and pipe: destroying the Testbed, or the death of this process
// by any signal, ends the hosts and with them the namespaces.
#pragma once

#include <sys/types.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>
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
  std::map<std::string, std::string> sysctl;     // what the scenario and the link set, as read back
};

// Where the programs are that a testbed starts; see FindPrograms.
struct Programs {
  std::string host;  // lastack-host
  std::string wire;  // lastack-wire
};

// What the relay is called where hosts are called by name; no host may have this name.
inline constexpr std::string_view kWireName = "wire";

class Testbed {
 public:
  // Makes namespaces, an `eth0` on both sides, addresses, static neighbours, routes with quickack
  // (unless the host has delayed_ack), offloads off, sysctls, and starts both hosts; returns once
  // the link carries frames. `scenario` outlives the testbed. Errors: kPermission or kUnsupported
  // with what to do; kScenario for a sysctl that does not exist per network namespace, or a value
  // it refuses.
  [[nodiscard]] static Result<std::unique_ptr<Testbed>> Create(const Scenario& scenario,
                                                               const Programs& programs);
  ~Testbed();
  Testbed(const Testbed&) = delete;
  Testbed& operator=(const Testbed&) = delete;
  Testbed(Testbed&&) = delete;
  Testbed& operator=(Testbed&&) = delete;

  [[nodiscard]] std::vector<Host>& hosts() { return hosts_; }
  // A host; the relay as kWireName, if there is one.
  [[nodiscard]] Host& host(const std::string& name);
  [[nodiscard]] Host* relay();  // null on the direct link

  // The host's `own` addresses (v4 and v6) on eth0.
  [[nodiscard]] Status RemoveAddresses(const std::string& host);
  [[nodiscard]] Status AddAddresses(const std::string& host);

  // Ends the host with everything in it: at once, without a word on the link that the relay has
  // cut.
  void EndHost(const std::string& host);
  // A new host in the place of one that was ended: the same addresses and settings, no state. With
  // the wire only. Returns the name of the relay's interface to it.
  [[nodiscard]] Result<std::string> StartAgain(const std::string& host);

  // Lets go without ending the hosts (for --keep): they go on when this process ends. Send them
  // `keep` first.
  void Keep();

 private:
  struct Part;  // what belongs to a host and nobody else needs
  struct Relay;
  Testbed(const Scenario& scenario, Programs programs);
  [[nodiscard]] Status JoinThroughRelay(NetworkVisit* visit);
  [[nodiscard]] Status Start(size_t number, NetworkVisit* visit);
  [[nodiscard]] Status WaitUntilReady(size_t number);
  [[nodiscard]] size_t NumberOf(const std::string& host) const;

  const Scenario& scenario_;
  Programs programs_;
  std::vector<Host> hosts_;
  std::vector<Part> parts_;  // in the order of hosts_
  std::unique_ptr<Relay> relay_;
};

// Enters a user namespace of its own when this process is not root, so that the rest may make
// network namespaces; call once, before any thread exists. It enters a new, empty network namespace
// with it, because only to one that it owns can a thread come back from the hosts: do not call it
// in a command that is about the machine's own network. As root: does nothing. Errors: kPermission
// with what an administrator has to change.
[[nodiscard]] Status EnterUserNamespaceIfNeeded();

// "lastack-host", "lastack-wire" or "lastack-peer": beside /proc/self/exe, then in
// ../libexec/lastack. kSystem if it is in neither.
[[nodiscard]] Result<std::string> FindProgram(const std::string& name);
[[nodiscard]] Result<Programs> FindPrograms();

}  // namespace lastack
