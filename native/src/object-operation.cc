#include "object-operation.h"

#include <cerrno>

#include "pool.h"

void ObjectOperations::add(ObjectOperation *operation) {
  const std::lock_guard<std::mutex> lock(mutex_);
  all_.insert(operation);
}

void ObjectOperations::remove(ObjectOperation *operation) {
  const std::lock_guard<std::mutex> lock(mutex_);
  all_.erase(operation);
}

void ObjectOperations::endAll() {
  std::unordered_set<ObjectOperation *> left;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    left.swap(all_);
  }
  for (ObjectOperation *operation : left) {
    operation->end(-ESHUTDOWN);
    delete operation;
  }
}

ObjectOperation::ObjectOperation(const Pool &pool, std::shared_ptr<AnswerQueue> queue,
                                 uint32_t slot)
    : queue(std::move(queue)),
      slot(slot),
      all_(pool.client->operations),
      ioOwner_(pool.ioOwner) {
  all_->add(this);
}

ObjectOperation::~ObjectOperation() { all_->remove(this); }

void ObjectOperation::end(int result) {
  Message message;
  message.slot = slot;
  message.result = result;
  queue->push(std::move(message));
}
