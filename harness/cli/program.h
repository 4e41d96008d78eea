// The command line of lastack.
#pragma once

namespace lastack {

// The exit code of the process.
[[nodiscard]] int Program(int argc, char** argv);

}  // namespace lastack
