#include "watch.h"

#include "environment.h"
#include "js-value.h"

namespace {

void onCompleted(rados_completion_t completion, void *argument) {
  const std::unique_ptr<Watch::Then> then(static_cast<Watch::Then *>(argument));
  const int result = ceph.rados_aio_get_return_value(completion);
  ceph.rados_aio_release(completion);
  (*then)(result);
}

// Starts a call of librados that ends with `then`, even if it cannot start.
template <typename Start>
void complete(Watch::Then then, Start start) {
  auto argument = std::make_unique<Watch::Then>(std::move(then));
  rados_completion_t completion = nullptr;
  ceph.rados_aio_create_completion2(argument.get(), onCompleted, &completion);
  const int result = start(completion);
  if (result < 0) {
    ceph.rados_aio_release(completion);
    (*argument)(result);
  } else {
    argument.release();
  }
}

}  // namespace

void Watch::start(uint32_t timeoutSeconds, Then then) {
  self_ = shared_from_this();
  const auto ended = [this, then = std::move(then)](int result) {
    const std::shared_ptr<Watch> self = self_;
    if (result < 0) self_.reset();
    then(result);
  };
  complete(ended, [&](rados_completion_t completion) {
    return ceph.rados_aio_watch2(pool_->io, object_.c_str(), completion, &cookie_, onNotify,
                                 onError, timeoutSeconds, this);
  });
}

void Watch::end(Then then) {
  const auto flushed = [self = shared_from_this(), then](int result) {
    self->self_.reset();
    then(result);
  };
  // Whether the OSD still knew the watch or not: no callback runs or comes after the flush.
  const auto unwatched = [self = shared_from_this(), flushed](int) {
    complete(flushed, [&](rados_completion_t completion) {
      return ceph.rados_aio_watch_flush(self->pool_->client->cluster, completion);
    });
  };
  complete(unwatched, [this](rados_completion_t completion) {
    return ceph.rados_aio_unwatch(pool_->io, cookie_, completion);
  });
}

int Watch::check() const { return ceph.rados_watch_check(pool_->io, cookie_); }

int Watch::acknowledge(uint64_t notifyId, std::string_view payload) const {
  return ceph.rados_notify_ack(pool_->io, object_.c_str(), notifyId, cookie_, payload.data(),
                               static_cast<int>(payload.size()));
}

void Watch::onNotify(void *watch, uint64_t notifyId, uint64_t, uint64_t notifier, void *data,
                     size_t length) {
  Message message;
  message.mayBeDropped = true;
  message.value = [notifyId, notifier, payload = std::string(static_cast<char *>(data), length)](
                      Environment &environment) {
    const napi_env env = environment.env;
    const napi_value result = object(env);
    setMember(env, result, "notifyId", bigint(env, notifyId));
    setMember(env, result, "fromGid", bigint(env, notifier));
    setMember(env, result, "message", bytes(env, payload));
    return result;
  };
  static_cast<Watch *>(watch)->tell(std::move(message));
}

// librados reports the loss of a watch once.
void Watch::onError(void *watch, uint64_t, int error) {
  Message message;
  message.result = error;
  static_cast<Watch *>(watch)->tell(std::move(message));
}

void Watch::tell(Message &&message) const {
  message.slot = slot_;
  message.isAnswer = false;
  queue_->push(std::move(message));
}
