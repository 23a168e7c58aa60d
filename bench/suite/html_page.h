// The frame of the HTML reports: one self-contained page, no script, nothing fetched. Thread: any, pure.
#pragma once

#include <string>
#include <string_view>

namespace genepool::bench {

[[nodiscard]] std::string html_page(std::string_view title, std::string_view head_text, std::string_view body);
[[nodiscard]] std::string html_escaped(std::string_view text);

}  // namespace genepool::bench
