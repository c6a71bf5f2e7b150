// CMPEXT and WRITE on one object, without the cost of a general write operation with steps.
#include <cerrno>
#include <memory>

#include "addon-call.h"
#include "pool.h"

namespace {

struct Exchange final : ObjectOperation {
  using ObjectOperation::ObjectOperation;
  void end(int result) override { queue->push(Result{slot, result, 0}); }
};

void onExchanged(rados_completion_t completion, void *argument) {
  const std::unique_ptr<Exchange> exchange(static_cast<Exchange *>(argument));
  const int result = ceph.rados_aio_get_return_value(completion);
  ceph.rados_aio_release(completion);
  exchange->end(result);
}

// librados copies all bytes and the name.
napi_value compareAndWriteObject(const Call &call) {
  const auto pool = call.environment.pools.get(call.handle(1));
  call.environment.begin();
  if (pool == nullptr) {
    call.environment.queue->push(Result{call.slot(), -ESHUTDOWN, 0});
    return nullptr;
  }
  const auto offset = static_cast<uint64_t>(call.number(3));
  const std::string_view compare = toBytes(call.env, call.arguments[4]);
  const std::string_view write = toBytes(call.env, call.arguments[5]);
  const bool mustExist = call.flag(6);
  const rados_write_op_t operation = ceph.rados_create_write_op();
  if (mustExist) ceph.rados_write_op_assert_exists(operation);
  ceph.rados_write_op_cmpext(operation, compare.data(), compare.size(), offset, nullptr);
  ceph.rados_write_op_write(operation, write.data(), write.size(), offset);
  auto exchange = std::make_unique<Exchange>(*pool, call.environment.queue, call.slot());
  rados_completion_t completion = nullptr;
  ceph.rados_aio_create_completion2(exchange.get(), onExchanged, &completion);
  const int result = ceph.rados_aio_write_op_operate(operation, pool->io, completion,
                                                     call.text(2).c_str(), nullptr, 0);
  // The submitted operation has its own copy of the steps.
  ceph.rados_release_write_op(operation);
  if (result < 0) {
    ceph.rados_aio_release(completion);
    exchange->end(result);
  } else {
    exchange.release();
  }
  return nullptr;
}

}  // namespace

void defineCompareAndWrite(napi_env env, napi_value exports) {
  define<compareAndWriteObject>(env, exports, "compareAndWriteObject");
}
