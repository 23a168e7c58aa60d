#include "suite/html_page.h"

#include <fmt/core.h>

namespace genepool::bench {

std::string html_escaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&': escaped += "&amp;"; break;
      case '<': escaped += "&lt;"; break;
      case '>': escaped += "&gt;"; break;
      case '"': escaped += "&quot;"; break;
      default: escaped += c;
    }
  }
  return escaped;
}

std::string html_section(std::string_view title, std::string_view svg) { return fmt::format("<h2>{}</h2>{}", html_escaped(title), svg); }

std::string html_page(std::string_view title, std::string_view head_text, std::string_view body) {
  static constexpr std::string_view kStyle =
      "body{font:15px/1.5 system-ui,sans-serif;max-width:960px;margin:2em auto;padding:0 1em;color:#222}svg{font:13px system-ui,sans-serif}"
      ".ours{fill:#2b7a4b}.peer{fill:#9aa7b4}line{stroke:#222;stroke-width:1.5}code{font-size:12px;color:#555;word-break:break-all}"
      ".missed{color:#b00020}.reached{color:#2b7a4b}";
  return fmt::format(
      "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{0}</title><style>{1}</style><h1>{0}</h1><pre>{2}</pre>{3}</html>\n",
      html_escaped(title), kStyle, html_escaped(head_text), body);
}

}  // namespace genepool::bench
