// The data path: operations of images, submitted in batches, answered by numbers.
#include <array>
#include <cerrno>

#include "addon-call.h"
#include "image.h"
#include "protocol.h"

namespace {

using Code = uint32_t;
constexpr size_t kVectorSmall = 4;

// One operation in flight. JavaScript keeps its buffers alive; librbd reads the vector until the
// operation has ended.
struct ImageOperation {
  std::shared_ptr<AnswerQueue> queue;
  uint32_t slot = 0;
  uint64_t mismatch = 0;
  std::array<iovec, kVectorSmall> small;
  std::vector<iovec> large;

  iovec *vectorOf(size_t count) {
    if (count <= kVectorSmall) return small.data();
    large.resize(count);
    return large.data();
  }
};

void onDone(rbd_completion_t completion, void *argument) {
  const std::unique_ptr<ImageOperation> operation(static_cast<ImageOperation *>(argument));
  const ssize_t result = ceph.rbd_aio_get_return_value(completion);
  ceph.rbd_aio_release(completion);
  operation->queue->push(Result{operation->slot, result, operation->mismatch}, 1);
}

struct Range {
  uint64_t offset;
  uint64_t length;
  int detail;
};

int64_t startTransfer(Code code, rbd_image_t image, uint64_t offset, const iovec *vector,
                      size_t count, rbd_completion_t completion) {
  if (count == 1) {
    auto *base = static_cast<char *>(vector->iov_base);
    return code == protocol::imageRead ? ceph.rbd_aio_read(image, offset, vector->iov_len, base, completion)
                         : ceph.rbd_aio_write(image, offset, vector->iov_len, base, completion);
  }
  const int parts = static_cast<int>(count);
  return code == protocol::imageRead ? ceph.rbd_aio_readv(image, vector, parts, offset, completion)
                       : ceph.rbd_aio_writev(image, vector, parts, offset, completion);
}

int64_t start(Code code, rbd_image_t image, const Range &range, const iovec *vector, size_t count,
              ImageOperation &operation, rbd_completion_t completion) {
  const auto base = [vector](size_t index) {
    return static_cast<const char *>(vector[index].iov_base);
  };
  switch (code) {
    case protocol::imageRead:
    case protocol::imageWrite:
      return startTransfer(code, image, range.offset, vector, count, completion);
    case protocol::imageDiscard:
      return ceph.rbd_aio_discard(image, range.offset, range.length, completion);
    case protocol::imageWriteSame:
      return ceph.rbd_aio_writesame(image, range.offset, range.length, base(0), vector[0].iov_len,
                                    completion, 0);
    case protocol::imageWriteZeroes:
      return ceph.rbd_aio_write_zeroes(image, range.offset, range.length, completion, range.detail,
                                       0);
    case protocol::imageFlush:
      return ceph.rbd_aio_flush(image, completion);
    case protocol::imageCompareAndWrite:
      return ceph.rbd_aio_compare_and_write(image, range.offset, range.length, base(0), base(1),
                                            completion, &operation.mismatch, 0);
  }
  return -EINVAL;
}

void submitOne(Environment &environment, const double *fields, napi_value buffers,
               uint32_t firstBuffer, uint32_t bufferCount) {
  const auto slot = static_cast<uint32_t>(fields[2]);
  const auto image = environment.images.get(static_cast<uint32_t>(fields[1]));
  auto operation = std::make_unique<ImageOperation>();
  operation->queue = environment.queue;
  operation->slot = slot;
  iovec *vector = operation->vectorOf(bufferCount);
  for (uint32_t i = 0; i < bufferCount; i++) {
    const std::string_view memory =
        toBytes(environment.env, elementOf(environment.env, buffers, firstBuffer + i));
    vector[i] = {const_cast<char *>(memory.data()), memory.size()};
  }
  if (image == nullptr) {
    environment.queue->push(Result{slot, -ESHUTDOWN, 0}, 1);
    return;
  }
  const Range range{static_cast<uint64_t>(fields[3]), static_cast<uint64_t>(fields[4]),
                    static_cast<int>(fields[6])};
  rbd_completion_t completion = nullptr;
  ceph.rbd_aio_create_completion(operation.get(), onDone, &completion);
  // Its callback may have run, and freed it, before `start` returns.
  ImageOperation *flying = operation.release();
  const int64_t result = start(static_cast<Code>(fields[0]), image->handle, range, vector,
                               bufferCount, *flying, completion);
  if (result >= 0) return;
  operation.reset(flying);
  ceph.rbd_aio_release(completion);
  environment.queue->push(Result{slot, result, 0}, 1);
}

napi_value submit(const Call &call) {
  napi_typedarray_type type = napi_float64_array;
  size_t length = 0;
  void *memory = nullptr;
  check(napi_get_typedarray_info(call.env, call.arguments[1], &type, &length, &memory, nullptr,
                                 nullptr),
        "descriptors");
  const auto count = static_cast<int>(call.number(0));
  call.environment.begin(count);
  call.environment.queue->borrow(count);
  const double *fields = static_cast<double *>(memory);
  uint32_t buffer = 0;
  for (int i = 0; i < count; i++, fields += protocol::descriptorFields) {
    const auto buffers = static_cast<uint32_t>(fields[5]);
    submitOne(call.environment, fields, call.arguments[2], buffer, buffers);
    buffer += buffers;
  }
  return nullptr;
}

}  // namespace

void defineImageInput(napi_env env, napi_value exports) { define<submit>(env, exports, "submit"); }
