// Acting as another user: looking one up, and becoming it in a single thread.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/result.h"

namespace lastack {

struct UserIds {
  uid_t uid = 0;
  gid_t gid = 0;
};

// A user by name. kUnsupported if this machine has no such user.
[[nodiscard]] Result<UserIds> FindUser(const std::string& name);

// Changes the ids of the calling thread alone, without its way back; what the thread makes from now
// on (sockets, processes) is this user's. Call it on a thread made for the purpose. kPermission if
// this process may not, or if its user namespace does not have that user.
[[nodiscard]] Status BecomeUser(const std::string& name);

}  // namespace lastack
