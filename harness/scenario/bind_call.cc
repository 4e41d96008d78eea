// Binds the call of a peer: its arguments, and the endpoints it means.
#include <algorithm>
#include <array>
#include <limits>

#include <fmt/format.h>

#include "base/strings.h"
#include "scenario/bind_option.h"
#include "scenario/bind_outcome.h"
#include "scenario/bind_parts.h"

namespace lastack {
namespace {

using std::chrono::seconds;

constexpr Duration kDefaultWithin = seconds(5);
constexpr Duration kDefaultPollTimeout = seconds(1);
constexpr int64_t kMaxTimes = 20000;  // descriptors of one process
constexpr int64_t kMaxInt = std::numeric_limits<int>::max();

// Binds one call. Reads of keys that a call does not have come back empty, so that each key is read
// once for all.
class CallBinder {
 public:
  CallBinder(Binding& binding, CallStep* step, const Node& arguments)
      : binding_(binding),
        problems_(binding.problems),
        step_(*step),
        place_(arguments.place),
        reader_(binding.problems, arguments, CallKeys(step->call)) {
    step_.family = binding.scenario.family;
    if (const PeerSpec* peer = FindPeer(binding.scenario, step->peer)) {
      host_ = peer->host;
    }
  }

  void Bind(const Place& step_place) {
    BindEndpoints();
    BindArguments();
    BindOutcome(step_place);
  }

 private:
  void BindEndpoints() {
    switch (step_.call) {
      case Call::kBind:
        BindBind();
        break;
      case Call::kListen:
        BindListen();
        break;
      case Call::kConnect:
        BindConnect();
        break;
      case Call::kAccept:
        BindAccept();
        break;
      case Call::kFork:
        BindFork();
        break;
      case Call::kPass:
        BindPass();
        break;
      case Call::kExit:
        break;
      case Call::kDup:
        BindOn();
        BindNewNames("");
        BindOnlyOne();
        break;
      case Call::kPoll:
      case Call::kSend:
      case Call::kRecv:
      case Call::kShutdown:
      case Call::kClose:
      case Call::kDisconnect:
      case Call::kSet:
      case Call::kGet:
        BindOn();
        break;
    }
  }

  void BindOn() {
    if (const Node* on = reader_.Get("on")) {
      step_.on = binding_.endpoints.Held(*on, step_.peer);
    } else {
      step_.on = {binding_.endpoints.DefaultConnection(step_.peer, place_)};
    }
  }

  void BindOnlyOne() {
    if (step_.on.size() > 1) {
      problems_.Add(place_, fmt::format("'{}' takes one endpoint", ToString(step_.call)));
    }
  }

  // `as` and `times`: NAME, or NAME1 … NAMEn.
  void BindNewNames(const std::string& otherwise) {
    std::string name = otherwise;
    if (const Node* as = reader_.Get("as")) {
      name = ReadName(*as, problems_);
    }
    const Node* times = reader_.Get("times");
    if (times == nullptr) {
      step_.as = {name};
      return;
    }
    const int64_t count = ReadInteger(*times, {1, kMaxTimes}, problems_);
    for (int64_t number = 1; number <= count; ++number) {
      step_.as.push_back(fmt::format("{}{}", name, number));
    }
  }

  void BindLocal(const std::string& address_otherwise) {
    step_.local =
        ReadAddressAndPort(reader_, host_, {{host_, address_otherwise}, kDefaultPort}, problems_);
    step_.family = FamilyOfAddress(step_.local->address.name, binding_.scenario.family);
  }

  void BindBind() {
    BindNewNames("bound");
    BindLocal("any");
  }

  void BindListen() {
    reader_.Exclude("on", {"as", "address", "port", "options"});
    if (const Node* on = reader_.Get("on")) {
      BindBound(*on);
      return;
    }
    BindNewNames("listener");
    BindLocal("any");
  }

  // `on` of listen and connect: a socket that is there already.
  void BindBound(const Node& on) {
    const std::string name = binding_.endpoints.OneHeld(on, step_.peer);
    step_.on = {name};
    if (!problems_.any()) {
      step_.family = binding_.endpoints.Decl(name).family;
      step_.local = binding_.endpoints.Local(name);
    }
  }

  void BindConnect() {
    reader_.Exclude("on", {"as", "from", "times", "options", "family"});
    BindRemote();
    if (const Node* on = reader_.Get("on")) {
      BindBound(*on);
      return;
    }
    BindNewNames(step_.peer);
    if (const Node* from = reader_.Get("from")) {
      const MapReader source(problems_, *from, SourceKeys());
      step_.local = ReadAddressAndPort(source, host_, {{host_, "any"}, 0}, problems_);
    }
    if (const Node* family = reader_.Get("family")) {
      const std::string name = ReadWord(*family, "family", {"v4", "v6", "mapped"}, problems_);
      step_.family = FamilyFromString(name).value_or(step_.family);
    }
  }

  void BindRemote() {
    const Node nothing;
    const Node* to = reader_.Get("to");
    const MapReader target(problems_, to == nullptr ? nothing : *to, DestinationKeys());
    const Node* address = target.Get("address");
    const bool loopback = address != nullptr && address->text.starts_with("loopback");
    std::string host = loopback ? host_ : OtherHost(binding_.scenario, host_);
    if (const Node* node = target.Get("host")) {
      host = ReadHost(binding_, *node);
    }
    step_.remote = ReadAddressAndPort(target, host, {{host, "own"}, kDefaultPort}, problems_);
    step_.family = FamilyOfAddress(step_.remote->address.name, step_.family);
  }

  void BindAccept() {
    std::string listener;
    if (const Node* on = reader_.Get("on")) {
      listener = binding_.endpoints.OneHeld(*on, step_.peer);
    } else {
      listener = binding_.endpoints.DefaultListener(step_.peer, place_);
    }
    step_.on = {listener};
    BindNewNames(step_.peer);
    if (problems_.any()) {
      return;
    }
    const EndpointDecl& decl = binding_.endpoints.Decl(listener);
    step_.family = decl.family;
    if (decl.kind != EndpointDecl::Kind::kListener) {
      problems_.Add(place_, fmt::format("'accept' needs a listener, which '{}' is not", listener));
    }
  }

  void BindFork() {
    BindNewNames("");
    const std::string& child = step_.as.front();
    if (FindPeer(binding_.scenario, child) != nullptr) {
      problems_.Add(place_, fmt::format("there is a peer '{}' already", child));
    }
    const auto& steps = StepNames();
    if (std::find(steps.begin(), steps.end(), child) != steps.end()) {
      problems_.Add(place_, fmt::format("a peer cannot be named '{}', which is a step", child));
    }
  }

  void BindPass() {
    if (const Node* socket = reader_.Get("socket")) {
      step_.on = {binding_.endpoints.OneHeld(*socket, step_.peer)};
    } else {
      step_.on = {binding_.endpoints.DefaultConnection(step_.peer, place_)};
    }
    const Node* to = reader_.Get("to");
    if (to == nullptr) {
      return;
    }
    step_.to_peer = ReadPeer(binding_, *to);
    binding_.endpoints.UsePeer(step_.to_peer, to->place);
    const PeerSpec* receiver = FindPeer(binding_.scenario, step_.to_peer);
    if (receiver != nullptr && receiver->host != host_) {
      problems_.Add(to->place,
                    fmt::format("peer '{}' is on host '{}'; a socket cannot leave host '{}'",
                                step_.to_peer,
                                receiver->host,
                                host_));
    }
  }

  void BindArguments() {
    if (const Node* options = reader_.Get("options")) {
      step_.options = ReadOptions(*options, problems_);
    }
    if (const Node* backlog = reader_.Get("backlog")) {
      step_.backlog = static_cast<int>(ReadInteger(*backlog, {0, kMaxInt}, problems_));
    }
    if (const Node* code = reader_.Get("code")) {
      constexpr int64_t kMaxCode = 255;
      step_.code = static_cast<int>(ReadInteger(*code, {0, kMaxCode}, problems_));
    }
    if (const Node* how = reader_.Get("how")) {
      step_.how = ReadWord(*how, "value of 'how'", ShutdownNames(), problems_);
    }
    if (const Node* async = reader_.Get("async")) {
      step_.async = ReadAsync(binding_, *async);
    }
    BindTransfer();
    BindPoll();
    BindOption();
  }

  void BindTransfer() {
    reader_.Exclude("bytes", {"until"});
    if (const Node* bytes = reader_.Get("bytes")) {
      step_.bytes = ReadBytes(*bytes, problems_);
    }
    if (const Node* more = reader_.Get("more")) {
      step_.more = ReadBoolean(*more, problems_);
    }
    const bool send = step_.call == Call::kSend;
    if (const Node* until = reader_.Get("until")) {
      static_cast<void>(ReadWord(*until, "value of 'until'", {send ? "full" : "eof"}, problems_));
      step_.until_full = send;
      step_.until_eof = !send;
    }
    if (send && !step_.bytes && !step_.until_full) {
      problems_.Add(place_, "'send' needs 'bytes' or 'until: full'");
    }
  }

  void BindPoll() {
    if (step_.call != Call::kPoll) {
      return;
    }
    step_.timeout = kDefaultPollTimeout;
    step_.events = {"in"};
    if (const Node* timeout = reader_.Get("timeout")) {
      step_.timeout = ReadDuration(*timeout, problems_);
    }
    if (const Node* events = reader_.Get("events")) {
      step_.events = ReadTexts(*events, problems_);
      for (const std::string& event : step_.events) {
        static_cast<void>(
            ReadWord(ScalarNode(event, events->place), "event", PollEventNames(), problems_));
      }
    }
  }

  // Of set and get.
  void BindOption() {
    const Node* option = reader_.Get("option");
    if (option == nullptr) {
      return;
    }
    if (step_.call == Call::kSet) {
      step_.options = ReadOptions(*option, problems_);
    } else {
      asked_ = ReadOptionName(*option, problems_);
      step_.options = {SocketOption{option->text, 0}};
    }
  }

  void BindOutcome(const Place& step_place) {
    OutcomeContext context;
    context.poll = step_.call == Call::kPoll;
    context.option = asked_;
    step_.expected = ReadExpected(reader_, step_place, context, problems_);
    Duration longest = step_.timeout;
    if (step_.expected.took) {
      longest = std::max(longest, step_.expected.took->max);
    }
    step_.within = ReadWithin(reader_, kDefaultWithin, longest, problems_);
  }

  Binding& binding_;
  Problems& problems_;
  CallStep& step_;
  Place place_;
  MapReader reader_;
  std::string host_;
  const OptionInfo* asked_ = nullptr;  // of get
};

}  // namespace

std::string ReadAsync(Binding& binding, const Node& node) {
  std::string name = ReadName(node, binding.problems);
  auto& calls = binding.async_calls;
  if (std::find(calls.begin(), calls.end(), name) != calls.end()) {
    binding.problems.Add(node.place, fmt::format("there is an async call '{}' already", name));
  }
  calls.push_back(name);
  return name;
}

CallStep BindCall(Binding& binding, const Entry& entry, const Place& place) {
  CallStep step;
  step.peer = entry.key;
  binding.endpoints.UsePeer(entry.key, entry.place);
  const Node& value = entry.value;
  Node nothing;
  const Node* arguments = &nothing;
  Node name = value;
  if (value.IsMap() && value.entries.size() == 1) {
    name = ScalarNode(value.entries.front().key, value.entries.front().place);
    arguments = &value.entries.front().value;
  }
  if (!name.IsScalar()) {
    binding.problems.Add(value.place, "a call is wanted here: PEER: CALL, or PEER: {CALL: {…}}");
    return step;
  }
  const std::string word = ReadWord(name, "call", CallNames(), binding.problems);
  for (const Call call : AllCalls()) {
    if (word == ToString(call)) {
      step.call = call;
      nothing.place = name.place;
      CallBinder(binding, &step, *arguments).Bind(place);
    }
  }
  return step;
}

}  // namespace lastack
