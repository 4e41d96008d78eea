// lastack-host: the agent inside one host. Started by lastack, or by any launcher that gives it a
// network and PID namespace; speaks lastack.host/1 (docs/protocols.md) on stdin and stdout.
#include <unistd.h>

#include "host/agent.h"

int main() {
  return lastack::RunAgent(STDIN_FILENO, STDOUT_FILENO);
}
