#include "client.h"

#include <cerrno>

#include "blocking-call.h"
#include "process-exit.h"

Client::Client(rados_t cluster) : cluster(cluster) { clientOpened(); }

Client::~Client() {
  const auto shutDown = [cluster = cluster, operations = operations, queue = queue_, slot = slot_] {
    ceph.rados_shutdown(cluster);
    operations->endAll();
    clientGone();
    if (queue == nullptr) return;
    Message message;
    message.slot = slot;
    queue->push(std::move(message));
  };
  // Without a thread the client stays, and the pending `close` gets an error.
  if (startThread(shutDown) || queue_ == nullptr) return;
  Message message;
  message.slot = slot_;
  message.result = -EAGAIN;
  queue_->push(std::move(message));
}

void Client::answerWhenGone(std::shared_ptr<AnswerQueue> queue, uint32_t slot) {
  queue_ = std::move(queue);
  slot_ = slot;
}
