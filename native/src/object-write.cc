#include <cerrno>
#include <memory>

#include "addon-call.h"
#include "pool.h"
#include "protocol.h"

namespace {

// One write operation in flight. librados copies bytes and names when a step is added.
struct ObjectWrite final : ObjectOperation {
  using ObjectOperation::ObjectOperation;
  ~ObjectWrite() override { ceph.rados_release_write_op(operation); }

  rados_write_op_t operation = ceph.rados_create_write_op();
  // The result of each step, filled by librados.
  std::vector<int> stepErrnos;
};

void onWritten(rados_completion_t completion, void *argument) {
  const std::unique_ptr<ObjectWrite> write(static_cast<ObjectWrite *>(argument));
  Message message;
  message.slot = write->slot;
  message.result = ceph.rados_aio_get_return_value(completion);
  const uint64_t version = ceph.rados_aio_get_version(completion);
  message.value = [version, errnos = std::move(write->stepErrnos)](Environment &environment) {
    const napi_env env = environment.env;
    const napi_value list = array(env, errnos.size());
    for (size_t i = 0; i < errnos.size(); i++) setElement(env, list, i, number(env, errnos[i]));
    const napi_value result = object(env);
    setMember(env, result, "version", number(env, static_cast<double>(version)));
    setMember(env, result, "stepErrnos", list);
    return result;
  };
  write->queue->push(std::move(message));
  ceph.rados_aio_release(completion);
}

// A step's arguments, in the order of `nativeWriteStep` in src/ceph/object-steps.ts.
struct Step {
  napi_env env;
  napi_value values;

  napi_value at(uint32_t index) const { return elementOf(env, values, index); }
  uint32_t code() const { return toUint32(env, at(0)); }
  uint64_t number(uint32_t index) const {
    return static_cast<uint64_t>(toNumber(env, at(index)));
  }
  std::string text(uint32_t index) const { return toString(env, at(index)); }
  std::string_view bytes(uint32_t index) const { return toBytes(env, at(index)); }
};

void setOmap(rados_write_op_t operation, const Step &step) {
  const std::vector<std::string> keys = toStrings(step.env, step.at(1));
  std::vector<const char *> names;
  std::vector<const char *> values;
  std::vector<size_t> nameLengths;
  std::vector<size_t> valueLengths;
  for (uint32_t i = 0; i < keys.size(); i++) {
    const std::string_view value = toBytes(step.env, elementOf(step.env, step.at(2), i));
    names.push_back(keys[i].data());
    nameLengths.push_back(keys[i].size());
    values.push_back(value.data());
    valueLengths.push_back(value.size());
  }
  ceph.rados_write_op_omap_set2(operation, names.data(), values.data(), nameLengths.data(),
                                valueLengths.data(), keys.size());
}

void removeOmap(rados_write_op_t operation, const Step &step) {
  const std::vector<std::string> keys = toStrings(step.env, step.at(1));
  std::vector<const char *> names;
  std::vector<size_t> lengths;
  for (const std::string &key : keys) {
    names.push_back(key.data());
    lengths.push_back(key.size());
  }
  ceph.rados_write_op_omap_rm_keys2(operation, names.data(), lengths.data(), keys.size());
}

void addAttributeStep(rados_write_op_t operation, const Step &step, int *stepErrno) {
  switch (step.code()) {
    case protocol::writeCmpxattr: {
      const std::string_view value = step.bytes(3);
      return ceph.rados_write_op_cmpxattr(operation, step.text(2).c_str(),
                                          static_cast<uint8_t>(step.number(1)), value.data(),
                                          value.size());
    }
    case protocol::writeSetxattr: {
      const std::string_view value = step.bytes(2);
      return ceph.rados_write_op_setxattr(operation, step.text(1).c_str(), value.data(),
                                          value.size());
    }
    case protocol::writeRmxattr:
      return ceph.rados_write_op_rmxattr(operation, step.text(1).c_str());
    case protocol::writeOmapCmp: {
      const std::string key = step.text(2);
      const std::string_view value = step.bytes(3);
      return ceph.rados_write_op_omap_cmp2(operation, key.data(),
                                           static_cast<uint8_t>(step.number(1)), value.data(),
                                           key.size(), value.size(), stepErrno);
    }
    case protocol::writeOmapSet:
      return setOmap(operation, step);
    case protocol::writeOmapRemove:
      return removeOmap(operation, step);
    case protocol::writeOmapClear:
      return ceph.rados_write_op_omap_clear(operation);
    case protocol::writeExec: {
      const std::string_view input = step.bytes(3);
      return ceph.rados_write_op_exec(operation, step.text(1).c_str(), step.text(2).c_str(),
                                      input.data(), input.size(), stepErrno);
    }
    default:
      check(napi_invalid_arg, "a code of a write step");
  }
}

void addStep(rados_write_op_t operation, const Step &step, int *stepErrno) {
  switch (step.code()) {
    case protocol::writeCreate:
      return ceph.rados_write_op_create(
          operation, step.number(1) != 0 ? kCreateExclusive : kCreateIdempotent, nullptr);
    case protocol::writeAssertExists:
      return ceph.rados_write_op_assert_exists(operation);
    case protocol::writeAssertVersion:
      return ceph.rados_write_op_assert_version(operation, step.number(1));
    case protocol::writeCmpext: {
      const std::string_view bytes = step.bytes(2);
      return ceph.rados_write_op_cmpext(operation, bytes.data(), bytes.size(), step.number(1),
                                        stepErrno);
    }
    case protocol::writeWrite: {
      const std::string_view bytes = step.bytes(2);
      return ceph.rados_write_op_write(operation, bytes.data(), bytes.size(), step.number(1));
    }
    case protocol::writeWriteFull: {
      const std::string_view bytes = step.bytes(1);
      return ceph.rados_write_op_write_full(operation, bytes.data(), bytes.size());
    }
    case protocol::writeRemove:
      return ceph.rados_write_op_remove(operation);
    case protocol::writeZero:
      return ceph.rados_write_op_zero(operation, step.number(1), step.number(2));
    case protocol::writeTruncate:
      return ceph.rados_write_op_truncate(operation, step.number(1));
    default:
      return addAttributeStep(operation, step, stepErrno);
  }
}

napi_value operate(const Call &call) {
  const auto pool = call.environment.pools.get(call.handle(1));
  call.environment.begin();
  if (pool == nullptr) {
    call.environment.answer(call.slot(), -ESHUTDOWN);
    return nullptr;
  }
  auto write = std::make_unique<ObjectWrite>(*pool, call.environment.queue, call.slot());
  const uint32_t count = lengthOf(call.env, call.arguments[3]);
  write->stepErrnos.resize(count);
  for (uint32_t i = 0; i < count; i++) {
    const Step step{call.env, elementOf(call.env, call.arguments[3], i)};
    addStep(write->operation, step, &write->stepErrnos[i]);
  }
  rados_completion_t completion = nullptr;
  ceph.rados_aio_create_completion2(write.get(), onWritten, &completion);
  const int result = ceph.rados_aio_write_op_operate(write->operation, pool->io, completion,
                                                     call.text(2).c_str(), nullptr, 0);
  if (result < 0) {
    ceph.rados_aio_release(completion);
    write->end(result);
  } else {
    write.release();
  }
  return nullptr;
}

}  // namespace

void defineObjectWrite(napi_env env, napi_value exports) {
  define<operate>(env, exports, "operate");
}
