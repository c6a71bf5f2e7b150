#include "allocator.h"

#include <cstdlib>

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace {

// Above what one transfer of an initiator needs (256 KiB and what Ceph puts around it), below the
// long runs of a fill, which are given back at once. A fresh mapping for each transfer costs its
// page faults, and the zeroing of its pages.
[[maybe_unused]] constexpr int kMappedBytesMin = 1024 * 1024;

// Free at the heap's end, beyond which it shrinks: several queues of such transfers. By default
// (128 KiB) it would shrink and grow with each one of them.
[[maybe_unused]] constexpr int kFreeAtEndBytesMax = 16 * 1024 * 1024;

}  // namespace

void keepBuffersInHeap() {
#ifdef __GLIBC__
  // In place of MALLOC_MMAP_THRESHOLD_. What stays free goes back by src/host/heap-trim.ts.
  mallopt(M_MMAP_THRESHOLD, kMappedBytesMin);
  mallopt(M_TRIM_THRESHOLD, kFreeAtEndBytesMax);
#endif
}
