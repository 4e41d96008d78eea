// Text from scenario files and system messages made harmless for terminals, XML and CI logs.
#pragma once

#include <string>
#include <string_view>

namespace lastack {

// Without terminal escape sequences and control characters (line feed and tab stay); what is no
// UTF-8, or no character of XML 1.0, becomes U+FFFD. All other text stays as it is.
[[nodiscard]] std::string PlainText(std::string_view text);

// PlainText in one line: each run of white space is one space.
[[nodiscard]] std::string OneLine(std::string_view text);

// For a POSIX shell: as it is if no character is special there, else in single quotes.
[[nodiscard]] std::string ShellWord(std::string_view text);

// The path from `folder` (empty: the current directory) if it lies below it; otherwise as it is.
[[nodiscard]] std::string ShortPath(const std::string& path, const std::string& folder = "");

}  // namespace lastack
