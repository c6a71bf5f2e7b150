#pragma once

#include <atomic>
#include <memory>

#include "answer-queue.h"
#include "ceph-library.h"
#include "object-operation.h"

// A client instance. Pools, and through them images and watches, hold it; when the last of them is
// gone it is shut down, on a thread of its own, and `close` is answered.
class Client {
 public:
  explicit Client(rados_t cluster);
  ~Client();
  Client(const Client &) = delete;
  Client &operator=(const Client &) = delete;

  // The call that is answered when the instance is gone.
  void answerWhenGone(std::shared_ptr<AnswerQueue> queue, uint32_t slot);

  const rados_t cluster;
  const std::shared_ptr<ObjectOperations> operations = std::make_shared<ObjectOperations>();

 private:
  std::shared_ptr<AnswerQueue> queue_;
  uint32_t slot_ = 0;
};
