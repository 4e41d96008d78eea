// Tells the close paths apart by the states that the two ends entered and by what ended them.
#include "tcp/close_path.h"

#include <algorithm>

namespace lastack {
namespace {

using Transitions = std::vector<Transition>;

bool Entered(const Transitions& transitions, State state) {
  return std::any_of(transitions.begin(), transitions.end(), [state](const Transition& t) {
    return t.to == state;
  });
}

// Whether a RST ended the connection here. One that comes in TIME-WAIT ends nothing but the
// waiting.
bool EndedBy(const Transitions& transitions, std::string_view rst) {
  return !transitions.empty() && transitions.back().cause == rst &&
         transitions.back().from != State::kTimeWait;
}

State Last(const Transitions& transitions) {
  return transitions.empty() ? State::kClosed : transitions.back().to;
}

// Both FINs are through: TIME-WAIT, whatever came of it, or CLOSED by the ACK of the own FIN.
bool Done(const Transitions& transitions) {
  return Entered(transitions, State::kTimeWait) ||
         (!transitions.empty() && transitions.back().from == State::kLastAck &&
          transitions.back().cause == cause::kReceivedAckOfFin);
}

bool HalfClosed(const Transitions& one, const Transitions& other) {
  const State state = Last(one);
  return (state == State::kFinWait1 || state == State::kFinWait2) &&
         Last(other) == State::kCloseWait;
}

// The one of which `client` or `server` is true; nothing if both or neither are.
std::optional<Side> OnlyOne(bool client, bool server) {
  if (client == server) {
    return std::nullopt;
  }
  return client ? Side::kClient : Side::kServer;
}

std::optional<Side> FirstFin(const Transitions& client, const Transitions& server) {
  const bool client_active = Entered(client, State::kFinWait1);
  const bool server_active = Entered(server, State::kFinWait1);
  if (client_active || server_active) {
    return OnlyOne(client_active, server_active);
  }
  // One trace only, or none that has the first FIN: who received it first, did not send it.
  return OnlyOne(Entered(server, State::kCloseWait), Entered(client, State::kCloseWait));
}

std::optional<Side> FirstRst(const Transitions& client, const Transitions& server) {
  const bool client_sent = EndedBy(client, cause::kSentRst);
  const bool server_sent = EndedBy(server, cause::kSentRst);
  if (client_sent || server_sent) {
    return OnlyOne(client_sent, server_sent);
  }
  // Sent from CLOSED, or by somebody on the way in the name of the other end.
  return OnlyOne(EndedBy(server, cause::kReceivedRst), EndedBy(client, cause::kReceivedRst));
}

bool EndedByRst(const Transitions& transitions) {
  return EndedBy(transitions, cause::kSentRst) || EndedBy(transitions, cause::kReceivedRst);
}

ClosePath Path(const Transitions& client, const Transitions& server) {
  if (EndedBy(client, cause::kReceivedRst) && client.back().from == State::kSynSent) {
    return ClosePath::kRefused;
  }
  if (EndedByRst(client) || EndedByRst(server)) {
    return ClosePath::kReset;
  }
  if (HalfClosed(client, server) || HalfClosed(server, client)) {
    return ClosePath::kHalfClosed;
  }
  if (!Done(client) || !Done(server)) {
    return ClosePath::kUnfinished;
  }
  const bool both_active = Entered(client, State::kFinWait1) && Entered(server, State::kFinWait1);
  return both_active ? ClosePath::kSimultaneous : ClosePath::kNormal;
}

}  // namespace

std::string_view ToString(ClosePath path) {
  switch (path) {
    case ClosePath::kNormal:
      return "normal";
    case ClosePath::kSimultaneous:
      return "simultaneous";
    case ClosePath::kReset:
      return "reset";
    case ClosePath::kRefused:
      return "refused";
    case ClosePath::kHalfClosed:
      return "half-closed";
    case ClosePath::kUnfinished:
      return "unfinished";
  }
  return "";
}

Close DescribeClose(const std::vector<Transition>& client, const std::vector<Transition>& server) {
  return {Path(client, server), FirstFin(client, server), FirstRst(client, server)};
}

}  // namespace lastack
