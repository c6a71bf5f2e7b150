#pragma once

#include <memory>

#include "client.h"

// A way to one pool and namespace.
class Pool {
 public:
  Pool(std::shared_ptr<Client> client, rados_ioctx_t io) : client(std::move(client)), io(io) {}
  ~Pool() { ceph.rados_ioctx_destroy(io); }
  Pool(const Pool &) = delete;
  Pool &operator=(const Pool &) = delete;

  const std::shared_ptr<Client> client;
  const rados_ioctx_t io;
};
