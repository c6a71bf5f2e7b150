#include <cerrno>

#include "addon-call.h"
#include "blocking-call.h"
#include "pool.h"

namespace {

constexpr size_t kImagesFirst = 1024;

void callPool(const Call &call, std::function<void(rados_ioctx_t, Message &)> work) {
  const auto pool = call.environment.pools.get(call.handle(1));
  callBlocking(call.environment, call.slot(), [pool, work](Message &message) {
    if (pool == nullptr) message.result = -ESHUTDOWN;
    else work(pool->io, message);
  });
}

napi_value listImages(const Call &call) {
  callPool(call, [](rados_ioctx_t io, Message &message) {
    std::vector<rbd_image_spec_t> specs;
    size_t count = kImagesFirst;
    message.result = -ERANGE;
    while (message.result == -ERANGE) {
      specs.resize(count);
      message.result = ceph.rbd_list2(io, specs.data(), &count);
    }
    if (message.result < 0) return;
    std::vector<std::pair<std::string, std::string>> images;
    for (size_t i = 0; i < count; i++) images.emplace_back(specs[i].name, specs[i].id);
    ceph.rbd_image_spec_list_cleanup(specs.data(), count);
    message.value = [images](Environment &environment) {
      const napi_env env = environment.env;
      const napi_value list = array(env, images.size());
      for (size_t i = 0; i < images.size(); i++) {
        const napi_value image = object(env);
        setMember(env, image, "name", string(env, images[i].first));
        setMember(env, image, "id", string(env, images[i].second));
        setElement(env, list, i, image);
      }
      return list;
    };
  });
  return nullptr;
}

struct Option {
  int name;
  bool isText;
  uint64_t value;
  std::string text;
};

std::vector<Option> optionsOf(napi_env env, napi_value rows) {
  std::vector<Option> options;
  const uint32_t count = lengthOf(env, rows);
  for (uint32_t i = 0; i < count; i++) {
    const napi_value row = elementOf(env, rows, i);
    const napi_value value = elementOf(env, row, 1);
    const bool isText = isString(env, value);
    options.push_back({static_cast<int>(toNumber(env, elementOf(env, row, 0))), isText,
                       isText ? 0 : toUint64(env, value), isText ? toString(env, value) : ""});
  }
  return options;
}

int setOptions(rbd_image_options_t to, const std::vector<Option> &options) {
  for (const Option &option : options) {
    const int result =
        option.isText ? ceph.rbd_image_options_set_string(to, option.name, option.text.c_str())
                      : ceph.rbd_image_options_set_uint64(to, option.name, option.value);
    if (result < 0) return result;
  }
  return 0;
}

napi_value createImage(const Call &call) {
  const auto size = static_cast<uint64_t>(call.number(3));
  const std::vector<Option> options = optionsOf(call.env, call.arguments[4]);
  callPool(call, [name = call.text(2), size, options](rados_ioctx_t io, Message &message) {
    rbd_image_options_t set = nullptr;
    ceph.rbd_image_options_create(&set);
    message.result = setOptions(set, options);
    if (message.result >= 0) message.result = ceph.rbd_create4(io, name.c_str(), size, set);
    ceph.rbd_image_options_destroy(set);
  });
  return nullptr;
}

// Within the pool.
napi_value cloneImage(const Call &call) {
  const std::vector<Option> options = optionsOf(call.env, call.arguments[5]);
  const auto work = [parent = call.text(2), snapshot = call.text(3), name = call.text(4),
                     options](rados_ioctx_t io, Message &message) {
    rbd_image_options_t set = nullptr;
    ceph.rbd_image_options_create(&set);
    message.result = setOptions(set, options);
    if (message.result >= 0) {
      message.result =
          ceph.rbd_clone3(io, parent.c_str(), snapshot.c_str(), io, name.c_str(), set);
    }
    ceph.rbd_image_options_destroy(set);
  };
  callPool(call, work);
  return nullptr;
}

// Reports the progress of a long call, in percent, each value once.
struct Progress {
  std::shared_ptr<AnswerQueue> queue;
  uint32_t slot;
  int64_t percent = -1;

  static int on(uint64_t done, uint64_t total, void *argument) {
    auto *progress = static_cast<Progress *>(argument);
    const auto percent = total == 0 ? 0 : static_cast<int64_t>(done * 100.0 / total);
    if (percent == progress->percent) return 0;
    progress->percent = percent;
    Message message;
    message.slot = progress->slot;
    message.result = percent;
    message.isAnswer = false;
    progress->queue->push(std::move(message));
    return 0;
  }
};

napi_value removeImage(const Call &call) {
  const auto queue = call.environment.queue;
  callPool(call, [name = call.text(2), queue, slot = call.handle(3)](rados_ioctx_t io,
                                                                     Message &message) {
    Progress progress{queue, slot};
    message.result = ceph.rbd_remove_with_progress(io, name.c_str(), Progress::on, &progress);
  });
  return nullptr;
}

}  // namespace

void defineImagesCalls(napi_env env, napi_value exports) {
  define<listImages>(env, exports, "listImages");
  define<createImage>(env, exports, "createImage");
  define<cloneImage>(env, exports, "cloneImage");
  define<removeImage>(env, exports, "removeImage");
}
