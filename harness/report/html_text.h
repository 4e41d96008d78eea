// Text for HTML and SVG: escaped, so that nothing in a scenario or a capture can become markup.
#pragma once

#include <string>
#include <string_view>

namespace lastack {

// For content and for attributes in double quotes. What neither HTML nor XML may hold (control
// characters, bytes that are no UTF-8) becomes U+FFFD.
[[nodiscard]] std::string EscapeHtml(std::string_view text);

}  // namespace lastack
