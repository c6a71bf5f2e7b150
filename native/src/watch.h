#pragma once

#include <functional>
#include <memory>
#include <string>

#include "pool.h"

// A watch of an object. Its callbacks run on threads of Ceph; it keeps itself alive from `start`
// until there can be no more callbacks.
class Watch : public std::enable_shared_from_this<Watch> {
 public:
  // `slot`: receives notifications, and the loss of the watch.
  Watch(std::shared_ptr<Pool> pool, std::string object, std::shared_ptr<AnswerQueue> queue,
        uint32_t slot)
      : pool_(std::move(pool)),
        object_(std::move(object)),
        queue_(std::move(queue)),
        slot_(slot) {}

  // Both call `then` with the result, on a thread of Ceph.
  using Then = std::function<void(int)>;
  void start(uint32_t timeoutSeconds, Then then);
  void end(Then then);

  // Milliseconds since the OSD last confirmed it, or a negated errno.
  int check() const;
  int acknowledge(uint64_t notifyId, std::string_view payload) const;

 private:
  static void onNotify(void *watch, uint64_t notifyId, uint64_t, uint64_t notifier, void *data,
                       size_t length);
  static void onError(void *watch, uint64_t, int error);
  void tell(Message &&message) const;

  const std::shared_ptr<Pool> pool_;
  const std::string object_;
  const std::shared_ptr<AnswerQueue> queue_;
  const uint32_t slot_;
  uint64_t cookie_ = 0;
  std::shared_ptr<Watch> self_;
};
