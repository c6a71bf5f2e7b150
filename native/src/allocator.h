#pragma once

// Makes buffers of Ceph, in all threads, come from the heap instead of a new mapping each time.
void keepBuffersInHeap();
