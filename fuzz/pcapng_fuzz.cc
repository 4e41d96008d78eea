// Fuzzes the pcapng reader: it must neither crash nor read out of bounds, and what it reads it must
// be able to write.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "record/pcapng.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const lastack::Result<lastack::Capture> capture = lastack::DecodePcapng(data, size);
  if (!capture) {
    return 0;
  }
  const std::string written = lastack::EncodePcapng(*capture, {}, 1);
  if (!lastack::DecodePcapng(reinterpret_cast<const uint8_t*>(written.data()), written.size())) {
    std::abort();
  }
  return 0;
}
