// Lines of JSON, written without waiting.
#include "wire/line_writer.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include <nlohmann/json.hpp>

namespace lastack {
LineWriter::LineWriter(int fd) : fd_(fd) {
  const int flags = fcntl(fd, F_GETFL);
  fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

void LineWriter::Ok(int64_t id, const nlohmann::json& answer) {
  Line({{"id", id}, {"ok", answer}});
}

void LineWriter::Failed(int64_t id, const Error& error) {
  Line({{"id", id},
        {"error",
         {{"kind", ToString(error.kind)}, {"message", error.message}, {"hint", error.hint}}}});
}

void LineWriter::Event(const nlohmann::json& event) {
  Line(event);
}

// What a request quotes is not always UTF-8; what is not is replaced.
void LineWriter::Line(const nlohmann::json& json) {
  pending_ += json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  pending_ += '\n';
}

void LineWriter::Flush() {
  size_t done = 0;
  while (done < pending_.size()) {
    const ssize_t written = write(fd_, pending_.data() + done, pending_.size() - done);
    if (written >= 0) {
      done += static_cast<size_t>(written);
    } else if (errno == EAGAIN) {
      break;
    } else if (errno != EINTR) {
      done = pending_.size();
    }
  }
  pending_.erase(0, done);
}

}  // namespace lastack
