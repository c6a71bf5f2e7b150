#include <cerrno>

#include "addon-call.h"
#include "watch.h"

namespace {

napi_value watch(const Call &call) {
  const auto pool = call.environment.pools.get(call.handle(2));
  call.environment.begin();
  if (pool == nullptr) {
    call.environment.answer(call.slot(), -ESHUTDOWN);
    return nullptr;
  }
  const auto queue = call.environment.queue;
  const auto watch = std::make_shared<Watch>(pool, call.text(3), queue, call.handle(1));
  watch->start(call.handle(4), [watch, queue, slot = call.slot()](int result) {
    Message message;
    message.slot = slot;
    message.result = result;
    if (result >= 0) {
      message.value = [watch](Environment &environment) {
        return number(environment.env, environment.watches.add(watch));
      };
    }
    queue->push(std::move(message));
  });
  return nullptr;
}

napi_value unwatch(const Call &call) {
  call.environment.begin();
  const auto watch = call.environment.watches.remove(call.handle(1));
  if (watch == nullptr) {
    call.environment.answer(call.slot(), -ESHUTDOWN);
    return nullptr;
  }
  watch->end([queue = call.environment.queue, slot = call.slot()](int result) {
    Message message;
    message.slot = slot;
    message.result = result;
    queue->push(std::move(message));
  });
  return nullptr;
}

napi_value watchCheck(const Call &call) {
  const auto watch = call.environment.watches.get(call.handle(0));
  return number(call.env, watch == nullptr ? -ENOTCONN : watch->check());
}

napi_value watchAck(const Call &call) {
  const auto watch = call.environment.watches.get(call.handle(0));
  if (watch == nullptr) return number(call.env, -ENOTCONN);
  const uint64_t notifyId = toUint64(call.env, call.arguments[1]);
  return number(call.env, watch->acknowledge(notifyId, toBytes(call.env, call.arguments[2])));
}

// A notification under way. librados copies the message when it is sent.
struct Notify final : ObjectOperation {
  using ObjectOperation::ObjectOperation;

  // This also holds the client: librados crashes if it is shut down while it handles an answer.
  std::shared_ptr<Pool> pool;
  char *reply = nullptr;
  size_t replyLength = 0;
};

void onNotified(rados_completion_t completion, void *argument) {
  const std::unique_ptr<Notify> notify(static_cast<Notify *>(argument));
  Message message;
  message.slot = notify->slot;
  message.result = ceph.rados_aio_get_return_value(completion);
  if (notify->reply != nullptr) {
    message.value = [reply = std::string(notify->reply, notify->replyLength)](
                        Environment &environment) { return bytes(environment.env, reply); };
    ceph.rados_buffer_free(notify->reply);
  }
  notify->queue->push(std::move(message));
  ceph.rados_aio_release(completion);
}

napi_value notify(const Call &call) {
  const auto pool = call.environment.pools.get(call.handle(1));
  call.environment.begin();
  if (pool == nullptr) {
    call.environment.answer(call.slot(), -ESHUTDOWN);
    return nullptr;
  }
  const std::string_view bytes = toBytes(call.env, call.arguments[3]);
  auto argument = std::make_unique<Notify>(*pool, call.environment.queue, call.slot());
  argument->pool = pool;
  rados_completion_t completion = nullptr;
  ceph.rados_aio_create_completion2(argument.get(), onNotified, &completion);
  const int result = ceph.rados_aio_notify(
      pool->io, call.text(2).c_str(), completion, bytes.data(), static_cast<int>(bytes.size()),
      static_cast<uint64_t>(call.number(4)), &argument->reply, &argument->replyLength);
  if (result < 0) {
    ceph.rados_aio_release(completion);
    argument->end(result);
  } else {
    argument.release();
  }
  return nullptr;
}

}  // namespace

void defineWatchCalls(napi_env env, napi_value exports) {
  define<watch>(env, exports, "watch");
  define<unwatch>(env, exports, "unwatch");
  define<watchCheck>(env, exports, "watchCheck");
  define<watchAck>(env, exports, "watchAck");
  define<notify>(env, exports, "notify");
}
