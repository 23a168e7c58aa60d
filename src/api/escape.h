// Text into a JSON string, on the path of every token. Thread: any, pure.
#pragma once

#include <string>
#include <string_view>

namespace genepool::api {

// Appends `text` without the quotes around it; bytes that are not UTF-8 become U+FFFD, so that the result always is.
void append_escaped(std::string& out, std::string_view text);

}  // namespace genepool::api
