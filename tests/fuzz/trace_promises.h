// What must hold of every trace that a reader accepts: its times and indices are in order, and our csv keeps it.
// Thread: one.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace genepool::fuzz {

// `bytes` as a file of the format of trace/import_trace.h.
void check_trace_import(std::string_view format, std::span<const std::byte> bytes);

}  // namespace genepool::fuzz
