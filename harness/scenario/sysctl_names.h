// The sysctls that a scenario may set: those of TCP that each network namespace has for itself.
#pragma once

#include <string>
#include <vector>

namespace lastack {

// "net.ipv4.tcp_fin_timeout" … A name here may still be missing on an older kernel; the testbed
// finds that out. Source: Documentation/networking/ip-sysctl.rst and net/ipv4/sysctl_net_ipv4.c of
// Linux 6.18.
[[nodiscard]] const std::vector<std::string>& SysctlNames();

}  // namespace lastack
