// Has a watch told of more notifications than the queue takes, then of its loss; prints how many
// messages were taken and the result of the last. Ceph is a few functions that do nothing.

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "answer-queue.cc"
#include "watch.cc"

CephApi ceph;

// Values are made when JavaScript takes a message, and there is none here.
napi_value object(napi_env) { std::abort(); }
napi_value bigint(napi_env, uint64_t) { std::abort(); }
napi_value bytes(napi_env, std::string_view) { std::abort(); }
void setMember(napi_env, napi_value, const char *, napi_value) { std::abort(); }

napi_status napi_call_threadsafe_function(napi_threadsafe_function, void *,
                                          napi_threadsafe_function_call_mode) {
  return napi_ok;
}

namespace {

rados_watchcb2_t onNotify;
rados_watcherrcb_t onError;
void *watched;

int createCompletion(void *argument, rados_callback_t, rados_completion_t *completion) {
  *completion = argument;
  return 0;
}

int watch(rados_ioctx_t, const char *, rados_completion_t, uint64_t *, rados_watchcb2_t notify,
          rados_watcherrcb_t error, uint32_t, void *argument) {
  onNotify = notify;
  onError = error;
  watched = argument;
  return 0;
}

void destroyPool(rados_ioctx_t) {}

}  // namespace

int main() {
  ceph.rados_aio_create_completion2 = createCompletion;
  ceph.rados_aio_watch2 = watch;
  ceph.rados_ioctx_destroy = destroyPool;
  const auto queue = std::make_shared<AnswerQueue>();
  const auto pool = std::make_shared<Pool>(nullptr, nullptr);
  std::make_shared<Watch>(pool, "object", queue, 1)->start(0, [](int) {});
  char data[] = "data";
  for (size_t i = 0; i < AnswerQueue::kMessagesMax + 10; i++) {
    onNotify(watched, i, 0, 0, data, sizeof data);
  }
  onError(watched, 0, -ENOTCONN);
  std::vector<Result> results;
  std::vector<Message> messages;
  queue->take(results, messages);
  std::printf("%zu %d\n", messages.size(), static_cast<int>(messages.back().result));
  std::fflush(stdout);
  std::_Exit(0);
}
