#include "client.h"

#include "blocking-call.h"
#include "process-exit.h"

Client::Client(rados_t cluster) : cluster(cluster) { clientOpened(); }

Client::~Client() {
  startThread([cluster = cluster, operations = operations, queue = std::move(queue_),
               slot = slot_] {
    ceph.rados_shutdown(cluster);
    operations->endAll();
    clientGone();
    if (queue == nullptr) return;
    Message message;
    message.slot = slot;
    queue->push(std::move(message));
  });
}

void Client::answerWhenGone(std::shared_ptr<AnswerQueue> queue, uint32_t slot) {
  queue_ = std::move(queue);
  slot_ = slot;
}
