// The frame of the HTML reports: one self-contained page, no script, nothing fetched. Thread: any, pure.
#pragma once

#include <string>
#include <string_view>

namespace genepool::bench {

[[nodiscard]] std::string html_page(std::string_view title, std::string_view head_text, std::string_view body);
// A part of the body: its heading, and a chart.
[[nodiscard]] std::string html_section(std::string_view title, std::string_view svg);
[[nodiscard]] std::string html_escaped(std::string_view text);

}  // namespace genepool::bench
