// The conversation with the hosts of one run: requests and their answers, and what the hosts report
// unasked, which goes into the record.
//
// Errors: a host that is gone or does not answer is kSystem; "interrupted" when the suite is being
// stopped.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "base/line_buffer.h"
#include "base/result.h"
#include "base/time.h"
#include "run/recorder.h"
#include "run/slots.h"
#include "testbed/testbed.h"

namespace lastack {

// What the session knows of a call that it started.
struct PendingCall {
  int step = 0;
  std::string peer;
  std::string text;
  std::vector<std::string> on;
};

// What ends a run before its last step.
struct RunLimit {
  int stop_fd = -1;  // becomes readable when the suite is being stopped
  Deadline deadline;
  int wake_fd = -1;  // an eventfd: once it is readable, what is waited for is looked at again
};

class Session {
 public:
  // All pointers outlive the session.
  Session(Testbed* testbed, Recorder* recorder, SlotHold* slot, RunLimit limit);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  Session(Session&&) = delete;
  Session& operator=(Session&&) = delete;

  // Gives the slot back until the next wait is over: what is waited for takes long, and needs
  // nothing of this process.
  void YieldSlot() { slot_->Release(); }

  // What hosts report of programs (`output`, `ended`) goes to `handler`.
  void OnProgramEvent(
      std::function<void(const std::string& host, const nlohmann::json& event)> handler) {
    on_program_event_ = std::move(handler);
  }

  // Waits for the hello of every host, and of the relay, that has not said it yet.
  [[nodiscard]] Status Greet();

  // The host has been ended on purpose: it says nothing any more, and its peers are gone.
  void Forget(const std::string& host);
  // A new host is in its place; Greet waits for it.
  void Welcome(const std::string& host);

  // Sends a request (without its id) and returns its id.
  [[nodiscard]] Result<int64_t> Send(const std::string& host, nlohmann::json request);
  [[nodiscard]] bool HasAnswer(int64_t id) const;
  // The answer's `ok` object; its `error` as an Error.
  [[nodiscard]] Result<nlohmann::json> Await(int64_t id, Duration within);
  // Send and Await.
  [[nodiscard]] Result<nlohmann::json> Ask(const std::string& host,
                                           nlohmann::json request,
                                           Duration within);

  // Handles what the hosts report until `done` says so (true) or time is up (false). A peer that
  // ends though nothing asked for it is an error: what is waited for may never come.
  [[nodiscard]] Result<bool> ProcessUntil(const std::function<bool()>& done, Duration within);

  // Sends a call to a peer; its events go into the record under this step. Returns the call's id.
  [[nodiscard]] Result<int64_t> StartCall(const std::string& host,
                                          PendingCall call,
                                          nlohmann::json request);
  // A call's id for a request that goes another way to the peer (pass).
  [[nodiscard]] int64_t RegisterCall(PendingCall call);
  [[nodiscard]] bool CallEnded(int64_t call) const { return !pending_.contains(call); }
  // Gives a call up: it is recorded as not returned.
  void AbandonCall(int64_t call);
  void AbandonCallsOf(const std::string& peer);
  void AbandonAllCalls();
  // Calls that the peer could not carry out: what it said.
  [[nodiscard]] const std::string& protocol_problem() const { return protocol_problem_; }

  [[nodiscard]] bool Exited(const std::string& peer) const { return exited_.contains(peer); }
  // A peer whose end the scenario asks for; the end of any other is a problem of the harness.
  void ExpectExit(const std::string& peer) { exit_expected_.insert(peer); }
  // The first peer that ended though nothing asked for it; empty if none has.
  [[nodiscard]] const std::string& unexpected_exit() const { return unexpected_exit_; }
  // It has been judged with its step; what is still to be done goes on without that peer.
  void ForgetUnexpectedExit() { unexpected_exit_.clear(); }

 private:
  struct HostChannel {
    Host* host = nullptr;
    LineBuffer lines;
    bool greeted = false;
  };

  [[nodiscard]] Status Pump(Duration wait);
  [[nodiscard]] Status Read(HostChannel* channel);
  [[nodiscard]] Status Handle(HostChannel* channel, const std::string& line);
  [[nodiscard]] Status HandleEvent(HostChannel* channel, const nlohmann::json& message);
  [[nodiscard]] Status HandlePeerMessage(const nlohmann::json& event);
  [[nodiscard]] Status HandleExit(const std::string& host, const nlohmann::json& event);

  Testbed* testbed_;
  Recorder* recorder_;
  SlotHold* slot_;
  RunLimit limit_;
  std::function<void(const std::string&, const nlohmann::json&)> on_program_event_;
  std::vector<HostChannel> channels_;
  int64_t next_id_ = 1;
  std::map<int64_t, nlohmann::json> answers_;
  std::map<int64_t, PendingCall> pending_;
  std::set<std::string> exited_;
  std::set<std::string> exit_expected_;
  std::string unexpected_exit_;
  std::string protocol_problem_;
};

}  // namespace lastack
