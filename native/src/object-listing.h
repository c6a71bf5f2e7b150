#pragma once

#include <memory>

#include "pool.h"

// The position of a walk over the objects of a pool.
class ObjectListing {
 public:
  explicit ObjectListing(std::shared_ptr<Pool> owner)
      : pool(std::move(owner)),
        next(ceph.rados_object_list_begin(pool->io)),
        end(ceph.rados_object_list_end(pool->io)) {}
  ~ObjectListing() {
    ceph.rados_object_list_cursor_free(pool->io, next);
    ceph.rados_object_list_cursor_free(pool->io, end);
  }
  ObjectListing(const ObjectListing &) = delete;
  ObjectListing &operator=(const ObjectListing &) = delete;

  const std::shared_ptr<Pool> pool;
  rados_object_list_cursor next;
  const rados_object_list_cursor end;
};
