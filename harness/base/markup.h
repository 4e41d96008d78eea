// The characters that XML and HTML keep for themselves.
#pragma once

#include <string>
#include <string_view>

namespace lastack {

// One character, escaped for content and for attributes in either quotes.
void AppendEscaped(char c, std::string* out);

[[nodiscard]] std::string EscapeMarkup(std::string_view text);

}  // namespace lastack
