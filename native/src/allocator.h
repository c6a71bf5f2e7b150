#pragma once

// What Ceph receives and copies is taken from the heap, of all threads, and not mapped each time.
void keepBuffersInHeap();
