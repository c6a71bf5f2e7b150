#include "allocator.h"

#include <cstdlib>

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace {

// More than one transfer of an initiator needs (256 KiB and the overhead of Ceph), less than the
// long buffers of a fill, which are returned at once. A new mapping for each transfer would cost
// page faults, and the zeroing of its pages.
[[maybe_unused]] constexpr int kMappedBytesMin = 1024 * 1024;

// Free memory at the end of the heap, beyond which it shrinks: several queues of such transfers.
// With the default (128 KiB) it would shrink and grow with each transfer.
[[maybe_unused]] constexpr int kFreeAtEndBytesMax = 16 * 1024 * 1024;

}  // namespace

void keepBuffersInHeap() {
#ifdef __GLIBC__
  // Instead of MALLOC_MMAP_THRESHOLD_. src/host/heap-trim.ts returns memory that stays free.
  mallopt(M_MMAP_THRESHOLD, kMappedBytesMin);
  mallopt(M_TRIM_THRESHOLD, kFreeAtEndBytesMax);
#endif
}
