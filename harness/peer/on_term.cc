#include "peer/on_term.h"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>

namespace lastack {
namespace {

constexpr size_t kReadSize = 65536;
constexpr unsigned kFirstDescriptor = 3;  // after the standard streams

std::atomic<bool> term_requested = false;
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler sets it");

sigset_t wait_mask{};

void RequestTerm(int /*signal*/) {
  term_requested = true;
}

void Interrupt(int /*signal*/) {}

// Beside the standard streams and the control descriptor a peer has nothing but sockets open.
// SIGTERM is blocked while its handler runs and has its default action again (SA_RESETHAND): the
// process dies of it on return.
void CloseEverything(int signal) {
  close_range(kFirstDescriptor, ~0U, 0);
  raise(signal);
}

void Handle(int signal, void (*handler)(int), int flags) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = flags;
  sigaction(signal, &action, nullptr);
}

bool AtEnd(int fd) {
  std::array<char, kReadSize> bytes;  // NOLINT(*-member-init): recv fills it
  ssize_t received = 0;
  do {
    received = recv(fd, bytes.data(), bytes.size(), MSG_DONTWAIT);
  } while (received > 0);
  return received == 0 || errno != EAGAIN;
}

}  // namespace

std::optional<TermMode> TermModeFromString(std::string_view name) {
  if (name == "default") {
    return TermMode::kDefault;
  }
  if (name == "graceful") {
    return TermMode::kGraceful;
  }
  if (name == "close") {
    return TermMode::kClose;
  }
  return std::nullopt;
}

void InstallSignals(TermMode mode) {
  // Whatever the starting process had blocked or ignored.
  sigemptyset(&wait_mask);
  pthread_sigmask(SIG_SETMASK, &wait_mask, nullptr);
  Handle(SIGPIPE, SIG_IGN, 0);
  switch (mode) {
    case TermMode::kDefault:
      Handle(SIGTERM, SIG_DFL, 0);
      break;
    case TermMode::kGraceful: {
      sigset_t term{};
      sigemptyset(&term);
      sigaddset(&term, SIGTERM);
      pthread_sigmask(SIG_BLOCK, &term, nullptr);
      Handle(SIGTERM, RequestTerm, 0);
      Handle(InterruptAcceptSignal(), Interrupt, 0);  // no SA_RESTART: accept is to return
      break;
    }
    case TermMode::kClose:
      Handle(SIGTERM, CloseEverything, SA_RESETHAND);
      break;
  }
}

const sigset_t& WaitMask() {
  return wait_mask;
}

bool TermRequested() {
  return term_requested;
}

std::vector<NamedSocket> CloseFinished(Sockets* sockets) {
  std::vector<NamedSocket> open;
  for (const NamedSocket& named : sockets->All()) {
    if (!AtEnd(named.socket->fd)) {
      open.push_back(named);
    } else if (sockets->Remove(named)) {
      CloseSocket(named.socket.get());
    }
  }
  return open;
}

}  // namespace lastack
