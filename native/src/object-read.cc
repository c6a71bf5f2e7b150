#include <cerrno>
#include <memory>

#include "addon-call.h"
#include "pool.h"
#include "protocol.h"

namespace {

// A step of a read operation, and the place for its result.
struct ReadStep {
  uint32_t code = 0;
  int error = 0;
  std::string bytes;
  size_t bytesRead = 0;
  uint64_t size = 0;
  time_t modified = 0;
  rados_omap_iter_t omap = nullptr;
  rados_xattrs_iter_t xattrs = nullptr;
  unsigned char more = 0;
  std::vector<std::pair<std::string, std::string>> rows;

  // Takes over the contents of the iterators, and frees them. Those of steps that the OSD did not answer
  // are empty, and must not be used.
  void gather(bool isAnswered) {
    if (isAnswered) take();
    if (omap != nullptr) ceph.rados_omap_get_end(omap);
    if (xattrs != nullptr) ceph.rados_getxattrs_end(xattrs);
  }

  void take() {
    bytes.resize(bytesRead);
    if (omap != nullptr) {
      char *key = nullptr;
      char *value = nullptr;
      size_t keyLength = 0;
      size_t valueLength = 0;
      while (ceph.rados_omap_get_next2(omap, &key, &value, &keyLength, &valueLength) == 0 &&
             key != nullptr) {
        rows.emplace_back(std::string(key, keyLength), std::string(value, valueLength));
      }
    }
    if (xattrs != nullptr) {
      const char *name = nullptr;
      const char *value = nullptr;
      size_t length = 0;
      while (ceph.rados_getxattrs_next(xattrs, &name, &value, &length) == 0 && name != nullptr) {
        rows.emplace_back(name, std::string(value, length));
      }
    }
  }

  napi_value value(napi_env env) const {
    if (code == protocol::readRead) return ::bytes(env, bytes);
    if (code == protocol::readStat) {
      const napi_value pair = array(env, 2);
      setElement(env, pair, 0, number(env, static_cast<double>(size)));
      setElement(env, pair, 1, number(env, static_cast<double>(modified)));
      return pair;
    }
    const napi_value names = array(env, rows.size());
    const napi_value values = array(env, rows.size());
    for (size_t i = 0; i < rows.size(); i++) {
      setElement(env, names, i, string(env, rows[i].first));
      setElement(env, values, i, ::bytes(env, rows[i].second));
    }
    const napi_value result = object(env);
    setMember(env, result, "names", names);
    setMember(env, result, "values", values);
    setMember(env, result, "more", boolean(env, more != 0));
    return result;
  }
};

struct ObjectRead final : ObjectOperation {
  using ObjectOperation::ObjectOperation;
  ~ObjectRead() override { ceph.rados_release_read_op(operation); }

  rados_read_op_t operation = ceph.rados_create_read_op();
  // They outlive the operation, until the JavaScript thread has made values of them.
  const std::shared_ptr<std::vector<ReadStep>> steps = std::make_shared<std::vector<ReadStep>>();
};

void onRead(rados_completion_t completion, void *argument) {
  const std::unique_ptr<ObjectRead> read(static_cast<ObjectRead *>(argument));
  Message message;
  message.slot = read->slot;
  message.result = ceph.rados_aio_get_return_value(completion);
  const uint64_t version = ceph.rados_aio_get_version(completion);
  for (ReadStep &step : *read->steps) step.gather(message.result >= 0);
  message.value = [version, steps = read->steps](Environment &environment) {
    const napi_env env = environment.env;
    const napi_value values = array(env, steps->size());
    for (size_t i = 0; i < steps->size(); i++) setElement(env, values, i, (*steps)[i].value(env));
    const napi_value result = object(env);
    setMember(env, result, "version", number(env, static_cast<double>(version)));
    setMember(env, result, "values", values);
    return result;
  };
  read->queue->push(std::move(message));
  ceph.rados_aio_release(completion);
}

// In the order of `nativeReadStep` in src/ceph/object-steps.ts.
void addStep(rados_read_op_t operation, ReadStep &step, napi_env env, napi_value values) {
  const auto numberAt = [&](uint32_t index) {
    return static_cast<uint64_t>(toNumber(env, elementOf(env, values, index)));
  };
  step.code = toUint32(env, elementOf(env, values, 0));
  switch (step.code) {
    case protocol::readRead:
      step.bytes.resize(numberAt(2));
      return ceph.rados_read_op_read(operation, numberAt(1), step.bytes.size(), step.bytes.data(),
                                     &step.bytesRead, &step.error);
    case protocol::readStat:
      return ceph.rados_read_op_stat(operation, &step.size, &step.modified, &step.error);
    case protocol::readGetxattrs:
      return ceph.rados_read_op_getxattrs(operation, &step.xattrs, &step.error);
    case protocol::readOmapGetValues:
      return ceph.rados_read_op_omap_get_vals2(
          operation, toString(env, elementOf(env, values, 1)).c_str(),
          toString(env, elementOf(env, values, 2)).c_str(), numberAt(3), &step.omap, &step.more,
          &step.error);
    case protocol::readOmapGetValuesByKeys: {
      const std::vector<std::string> keys = toStrings(env, elementOf(env, values, 1));
      std::vector<const char *> names;
      std::vector<size_t> lengths;
      for (const std::string &key : keys) {
        names.push_back(key.data());
        lengths.push_back(key.size());
      }
      return ceph.rados_read_op_omap_get_vals_by_keys2(operation, names.data(), names.size(),
                                                       lengths.data(), &step.omap, &step.error);
    }
    default:
      check(napi_invalid_arg, "a code of a read step");
  }
}

napi_value readObject(const Call &call) {
  const auto pool = call.environment.pools.get(call.handle(1));
  call.environment.begin();
  if (pool == nullptr) {
    call.environment.answer(call.slot(), -ESHUTDOWN);
    return nullptr;
  }
  auto read = std::make_unique<ObjectRead>(*pool, call.environment.queue, call.slot());
  const uint32_t count = lengthOf(call.env, call.arguments[3]);
  // Never resized again: librados holds pointers into the steps.
  read->steps->resize(count);
  for (uint32_t i = 0; i < count; i++) {
    ReadStep &step = (*read->steps)[i];
    addStep(read->operation, step, call.env, elementOf(call.env, call.arguments[3], i));
  }
  rados_completion_t completion = nullptr;
  ceph.rados_aio_create_completion2(read.get(), onRead, &completion);
  const int result = ceph.rados_aio_read_op_operate(read->operation, pool->io, completion,
                                                    call.text(2).c_str(), 0);
  if (result < 0) {
    for (ReadStep &step : *read->steps) step.gather(false);
    ceph.rados_aio_release(completion);
    read->end(result);
  } else {
    read.release();
  }
  return nullptr;
}

}  // namespace

void defineObjectRead(napi_env env, napi_value exports) {
  define<readObject>(env, exports, "readObject");
}
