// Operations on objects that are under way. If their client ends first, librados drops them without
// a callback, and they are answered here.
#pragma once

#include <memory>
#include <mutex>
#include <unordered_set>

#include "answer-queue.h"

class ObjectOperation;
class Pool;

// The operations of one client.
class ObjectOperations {
 public:
  void add(ObjectOperation *operation);
  void remove(ObjectOperation *operation);

  // After rados_shutdown, when there are no more callbacks: ends all remaining ones, -ESHUTDOWN.
  void endAll();

 private:
  std::mutex mutex_;
  std::unordered_set<ObjectOperation *> all_;
};

// One operation, from before its submission to its callback, which deletes it.
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
