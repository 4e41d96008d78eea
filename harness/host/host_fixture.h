// For the host's tests: an agent as PID 1 of its own namespaces, driven through its protocol as
// lastack drives it.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/fd.h"
#include "base/line_buffer.h"
#include "base/time.h"
#include "host/agent.h"
#include "record/fresh_namespace.h"

namespace lastack {

constexpr Duration kPatience = std::chrono::seconds(5);

// -----------------------------------------------------------------------------------------

// Runs the agent as PID 1 of new namespaces: the middle process makes them, its child is the agent.
class HostTest : public testing::Test {
 protected:
  void SetUp() override {
    std::array<int, 2> requests{};
    std::array<int, 2> answers{};
    const bool piped =
        pipe2(requests.data(), O_CLOEXEC) == 0 && pipe2(answers.data(), O_CLOEXEC) == 0;
    ASSERT_TRUE(piped);
    middle_ = fork();
    if (middle_ == 0) {
      RunHost(requests, answers);
    }
    close(requests[0]);
    close(answers[1]);
    to_host_.Reset(requests[1]);
    from_host_.Reset(answers[0]);
    const std::optional<nlohmann::json> hello = Next();
    if (!hello) {
      GTEST_SKIP() << "cannot make namespaces";
    }
    EXPECT_EQ(hello->at("protocol"), "lastack.host/1");
  }

  void TearDown() override {
    to_host_.Reset();
    if (middle_ > 0) {
      waitpid(middle_, &end_, 0);
    }
  }

  [[noreturn]] static void RunHost(const std::array<int, 2>& requests,
                                   const std::array<int, 2>& answers) {
    close(requests[1]);
    close(answers[0]);
    if (!EnterFreshNamespace() || unshare(CLONE_NEWPID) != 0) {
      _exit(1);
    }
    const pid_t agent = fork();
    if (agent == 0) {
      _exit(RunAgent(requests[0], answers[1]));
    }
    close(requests[0]);
    close(answers[1]);
    int status = 0;
    waitpid(agent, &status, 0);
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 100 + WTERMSIG(status));
  }

  // The next line of the host; nothing at its end or when patience is over.
  std::optional<nlohmann::json> Next() {
    const Deadline deadline(kPatience);
    while (lines_.empty()) {
      pollfd input{from_host_.get(), POLLIN, 0};
      std::array<char, 65536> bytes{};
      if (poll(&input, 1, deadline.PollTimeout()) <= 0) {
        return std::nullopt;
      }
      const ssize_t got = read(from_host_.get(), bytes.data(), bytes.size());
      if (got <= 0) {
        return std::nullopt;
      }
      for (const std::string& line : buffer_.Append({bytes.data(), static_cast<size_t>(got)})) {
        lines_.push_back(nlohmann::json::parse(line));
      }
    }
    nlohmann::json line = lines_.front();
    lines_.pop_front();
    return line;
  }

  // The next line that is so; the events before it are kept in events_.
  nlohmann::json NextSuchAs(const std::function<bool(const nlohmann::json&)>& wanted) {
    while (const std::optional<nlohmann::json> line = Next()) {
      if (wanted(*line)) {
        return *line;
      }
      events_.push_back(*line);
    }
    ADD_FAILURE() << "the host said nothing more; before: " << nlohmann::json(events_).dump();
    return nlohmann::json::object();
  }

  int64_t Send(nlohmann::json request) {
    request["id"] = ++last_id_;
    const std::string line = request.dump() + "\n";
    EXPECT_EQ(write(to_host_.get(), line.data(), line.size()), static_cast<ssize_t>(line.size()));
    return last_id_;
  }
  nlohmann::json Answer(int64_t id) {
    return NextSuchAs(
        [id](const nlohmann::json& line) { return line.value("id", int64_t{0}) == id; });
  }
  nlohmann::json Ask(const nlohmann::json& request) { return Answer(Send(request)); }
  nlohmann::json AskOk(const nlohmann::json& request) {
    const nlohmann::json answer = Ask(request);
    EXPECT_TRUE(answer.contains("ok")) << answer.dump();
    return answer.value("ok", nlohmann::json::object());
  }
  nlohmann::json Event(const std::string& event, const std::string& peer) {
    return NextSuchAs([&](const nlohmann::json& line) {
      return line.value("event", "") == event && line.value("peer", "") == peer;
    });
  }
  nlohmann::json Message(const std::string& peer, const std::string& event) {
    return NextSuchAs([&](const nlohmann::json& line) {
      return line.value("event", "") == "peer" && line.value("peer", "") == peer &&
             line.at("message").value("event", "") == event;
    })["message"];
  }

  // All frames of the `frames` events so far.
  [[nodiscard]] nlohmann::json Frames() const {
    nlohmann::json frames = nlohmann::json::array();
    for (const nlohmann::json& event : events_) {
      if (event.value("event", "") == "frames") {
        frames.insert(frames.end(), event.at("frames").begin(), event.at("frames").end());
      }
    }
    return frames;
  }

  void Spawn(const std::string& name) {
    AskOk({{"do", "spawn"}, {"peer", name}, {"program", "/proc/self/exe"}});
  }
  nlohmann::json Call(const std::string& peer, nlohmann::json request) {
    AskOk({{"do", "call"}, {"peer", peer}, {"request", std::move(request)}});
    return Message(peer, "finished");
  }

  static nlohmann::json Listener(uint16_t port) {
    return {{"name", "listener"}, {"family", "v4"}, {"local", {"127.0.0.1", port}}, {"cookie", 0}};
  }

  Fd to_host_;
  Fd from_host_;
  pid_t middle_ = -1;
  int end_ = 0;  // of the middle process, after TearDown
  int64_t last_id_ = 0;
  LineBuffer buffer_;
  std::deque<nlohmann::json> lines_;
  std::vector<nlohmann::json> events_;
};

}  // namespace lastack
