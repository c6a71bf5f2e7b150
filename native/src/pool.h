#pragma once

#include <memory>

#include "client.h"

// An ioctx of one pool and namespace.
class Pool {
 public:
  Pool(std::shared_ptr<Client> client, rados_ioctx_t io)
      : client(std::move(client)), io(io), ioOwner(io, ceph.rados_ioctx_destroy) {}
  Pool(const Pool &) = delete;
  Pool &operator=(const Pool &) = delete;

  const std::shared_ptr<Client> client;
  const rados_ioctx_t io;
  // Destroys `io`. Operations also hold it, because librados keeps it alive only for writes.
  const std::shared_ptr<void> ioOwner;
};
