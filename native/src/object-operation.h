// Operations on objects that are under way. When their client ends first, librados forgets them
// without a word; then they are answered here.
#pragma once

#include <memory>
#include <mutex>
#include <unordered_set>

#include "answer-queue.h"

class ObjectOperation;
class Pool;

// Those of one client.
class ObjectOperations {
 public:
  void add(ObjectOperation *operation);
  void remove(ObjectOperation *operation);

  // After rados_shutdown, when no callback comes any more: ends all that are left, -ESHUTDOWN.
  void endAll();

 private:
  std::mutex mutex_;
  std::unordered_set<ObjectOperation *> all_;
};

// One of them, from before its submission to its callback, which deletes it.
class ObjectOperation {
 public:
  ObjectOperation(const Pool &pool, std::shared_ptr<AnswerQueue> queue, uint32_t slot);
  virtual ~ObjectOperation();
  ObjectOperation(const ObjectOperation &) = delete;
  ObjectOperation &operator=(const ObjectOperation &) = delete;

  // Answers without a value.
  virtual void end(int result);

  const std::shared_ptr<AnswerQueue> queue;
  const uint32_t slot;

 private:
  const std::shared_ptr<ObjectOperations> all_;
  const std::shared_ptr<void> ioOwner_;
};
