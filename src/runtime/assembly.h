// Assembly: what bringing a genome in takes, and what it cost. The bytes: layers read into RAM and fused into the page.
// Thread: build_page() on a loader thread, the rest on the strand.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory_file.h"
#include "genome/layer_file.h"
#include "runtime/runtime.h"
#include "runtime/spare_memory.h"
#include "store/store.h"

namespace genepool {

// A layer's bytes in RAM with the view that fusing reads.
struct LoadedLayer {
  MemoryFile file;
  LayerView view;  // points into `file`
};

// shared_ptr: the strand's table and a running loader job both use it, and either may let go first.
using LayerBytes = std::shared_ptr<const LoadedLayer>;

struct BuiltPage {
  std::optional<MemoryFile> page;                 // none for the bare base
  std::map<LayerId, LayerBytes> loaded;           // those that were missing
  std::map<LayerId, Duration> load_times;         // of those
  Duration fuse{};
};

// Reads what `resident` lacks of the genome's layers from the store, then fuses the stack. kLayerCorrupt names the file.
// The page's memory is `spare`'s if it has some.
[[nodiscard]] Result<BuiltPage> build_page(const ResolvedGenome& genome, const std::map<LayerId, LayerBytes>& resident,
                                           Store& store, SpareMemory& spare);

// The times of one assembly; shared by its worker and all requests that joined it, filled in as it goes.
struct AssemblyTimes {
  Tier from = Tier::kCold;
  Instant began{}, ready{};
  std::map<LayerId, Duration> load_times;
  Duration fuse{}, spawn{}, attach{}, reserve{};
  std::optional<Duration> teardown;               // of the first victim, once it is gone
  std::vector<std::string> evicted;               // names of the victims
  bool is_ahead = false;                          // its page was begun while it waited for a place
  bool was_counted = false;                       // by the thrash detector: joiners do not count it again

  [[nodiscard]] Duration load() const;
  [[nodiscard]] Duration stack() const { return fuse + attach + reserve; }
};

// Writes the assembly's share of a receipt.
void describe_assembly(const AssemblyTimes& times, const ResolvedGenome& genome, Receipt& receipt);

}  // namespace genepool
