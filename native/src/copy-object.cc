// Copies a whole object from one OSD to another, without its bytes passing through the client.
// librados has this only in its C++ interface, whose few symbols are looked up by name. The layouts
// of its classes below are those of rados/librados.hpp, fixed by the version in the names.
#include <dlfcn.h>

#include <cerrno>
#include <memory>
#include <mutex>
#include <string>

#include "addon-call.h"
#include "pool.h"

namespace {

// Its IoCtx and its AioCompletion hold the handle of the C interface, and nothing else.
struct IoCtx {
  void *impl;
};
struct AioCompletion {
  void *impl;
};

// Its ObjectWriteOperation: virtual functions, what it consists of, and one pointer.
struct alignas(void *) WriteOperation {
  void *members[3];
};

struct CopyApi {
  void (*construct)(WriteOperation *);
  void (*destroy)(WriteOperation *);
  void (*copyFrom)(WriteOperation *, const std::string &source, const IoCtx &, uint64_t version,
                   uint32_t flags);
  int (*operate)(IoCtx *, const std::string &object, AioCompletion *, WriteOperation *);
};

constexpr const char *kCopyLibrary = "librados.so.2";
#define STRING "RKNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE"
constexpr const char *kConstruct = "_ZN8librados7v14_2_015ObjectOperationC2Ev";
constexpr const char *kDestroy = "_ZN8librados7v14_2_015ObjectOperationD2Ev";
constexpr const char *kCopyFrom =
    "_ZN8librados7v14_2_020ObjectWriteOperation9copy_fromE" STRING "RKNS0_5IoCtxEmj";
constexpr const char *kOperate = "_ZN8librados7v14_2_05IoCtx11aio_operateE" STRING
                                 "PNS0_13AioCompletionEPNS0_20ObjectWriteOperationE";
#undef STRING
constexpr uint64_t kAnyVersion = 0;

template <typename Function>
void find(void *library, const char *name, Function &function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
}

// Null if librados does not have it.
const CopyApi *copyApi() {
  static std::once_flag once;
  static CopyApi api = {};
  std::call_once(once, [] {
    void *library = dlopen(kCopyLibrary, RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) return;
    find(library, kConstruct, api.construct);
    find(library, kDestroy, api.destroy);
    find(library, kCopyFrom, api.copyFrom);
    find(library, kOperate, api.operate);
  });
  const bool isThere = api.construct != nullptr && api.destroy != nullptr &&
                       api.copyFrom != nullptr && api.operate != nullptr;
  return isThere ? &api : nullptr;
}

struct ObjectCopy final : ObjectOperation {
  using ObjectOperation::ObjectOperation;
  void end(int result) override { queue->push(Result{slot, result, 0}); }
};

void onCopied(rados_completion_t completion, void *argument) {
  const std::unique_ptr<ObjectCopy> copy(static_cast<ObjectCopy *>(argument));
  const int result = ceph.rados_aio_get_return_value(completion);
  ceph.rados_aio_release(completion);
  copy->end(result);
}

int submit(const CopyApi &api, const Pool &pool, const std::string &object, const Pool &sourcePool,
           const std::string &source, rados_completion_t completion) {
  WriteOperation operation = {};
  api.construct(&operation);
  api.copyFrom(&operation, source, IoCtx{sourcePool.io}, kAnyVersion, 0);
  IoCtx io{pool.io};
  AioCompletion handle{completion};
  const int result = api.operate(&io, object, &handle, &operation);
  // What was submitted holds its own copy of the steps.
  api.destroy(&operation);
  return result;
}

// Answers -ENOSYS if librados cannot copy, or the source pool is gone; then nothing has changed.
napi_value copyObject(const Call &call) {
  const auto pool = call.environment.pools.get(call.handle(1));
  const auto source = call.environment.pools.get(call.handle(3));
  call.environment.begin();
  if (pool == nullptr) {
    call.environment.queue->push(Result{call.slot(), -ESHUTDOWN, 0});
    return nullptr;
  }
  const CopyApi *api = copyApi();
  if (api == nullptr || source == nullptr) {
    call.environment.queue->push(Result{call.slot(), -ENOSYS, 0});
    return nullptr;
  }
  auto copy = std::make_unique<ObjectCopy>(*pool, call.environment.queue, call.slot());
  rados_completion_t completion = nullptr;
  ceph.rados_aio_create_completion2(copy.get(), onCopied, &completion);
  const int result = submit(*api, *pool, call.text(2), *source, call.text(4), completion);
  if (result < 0) {
    ceph.rados_aio_release(completion);
    copy->end(result);
  } else {
    copy.release();
  }
  return nullptr;
}

}  // namespace

void defineCopyObject(napi_env env, napi_value exports) {
  define<copyObject>(env, exports, "copyObject");
}
