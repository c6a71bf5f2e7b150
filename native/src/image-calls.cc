#include <cerrno>

#include "addon-call.h"
#include "blocking-call.h"
#include "image.h"

namespace {

napi_value parentValue(napi_env env, const ImageInfo &info) {
  if (!info.hasParent) return undefined(env);
  const napi_value result = object(env);
  setMember(env, result, "poolId", number(env, static_cast<double>(info.parentPool)));
  setMember(env, result, "pool", string(env, info.parentPoolName));
  setMember(env, result, "namespace", string(env, info.parentNamespace));
  setMember(env, result, "image", string(env, info.parentImage));
  setMember(env, result, "snapshot", string(env, info.parentSnapshot));
  return result;
}

napi_value snapshotsValue(napi_env env, const ImageInfo &info) {
  const napi_value list = array(env, info.snapshots.size());
  for (size_t i = 0; i < info.snapshots.size(); i++) {
    const ImageInfo::Snapshot &snapshot = info.snapshots[i];
    const napi_value result = object(env);
    setMember(env, result, "id", bigint(env, snapshot.id));
    setMember(env, result, "name", string(env, snapshot.name));
    setMember(env, result, "sizeBytes", number(env, static_cast<double>(snapshot.size)));
    setMember(env, result, "isUser", boolean(env, snapshot.isUser));
    setMember(env, result, "madeAt", number(env, snapshot.madeAt));
    setElement(env, list, i, result);
  }
  return list;
}

napi_value infoValue(napi_env env, const ImageInfo &info) {
  const auto count = [env](uint64_t value) { return number(env, static_cast<double>(value)); };
  const napi_value result = object(env);
  setMember(env, result, "sizeBytes", count(info.stat.size));
  setMember(env, result, "objectSizeBytes", count(info.stat.obj_size));
  setMember(env, result, "order", number(env, info.stat.order));
  setMember(env, result, "blockNamePrefix", string(env, info.prefix));
  setMember(env, result, "features", bigint(env, info.features));
  setMember(env, result, "stripeUnitBytes", count(info.stripeUnit));
  setMember(env, result, "stripeCount", count(info.stripeCount));
  setMember(env, result, "dataPoolId", number(env, static_cast<double>(info.dataPool)));
  setMember(env, result, "id", string(env, info.id));
  setMember(env, result, "parent", parentValue(env, info));
  setMember(env, result, "parentOverlapBytes", count(info.overlap));
  setMember(env, result, "snapshots", snapshotsValue(env, info));
  return result;
}

napi_value openImage(const Call &call) {
  const auto pool = call.environment.pools.get(call.handle(2));
  // By its name, or by its id.
  const auto work = [pool, name = call.text(3), readOnly = call.flag(4), byId = call.flag(5),
                     queue = call.environment.queue, updateSlot = call.handle(1)](Message &message) {
    if (pool == nullptr) {
      message.result = -ESHUTDOWN;
      return;
    }
    rbd_image_t handle = nullptr;
    const auto open = byId ? (readOnly ? ceph.rbd_open_by_id_read_only : ceph.rbd_open_by_id)
                           : (readOnly ? ceph.rbd_open_read_only : ceph.rbd_open);
    message.result = open(pool->io, name.c_str(), &handle, nullptr);
    if (message.result < 0) return;
    const auto image = std::make_shared<Image>(pool, handle);
    if (!readOnly) message.result = image->watchUpdates(queue, updateSlot);
    ImageInfo info;
    if (message.result >= 0) message.result = image->info(info);
    if (message.result < 0) {
      image->close();
      return;
    }
    message.value = [image, info](Environment &environment) {
      const napi_env env = environment.env;
      const napi_value result = object(env);
      setMember(env, result, "handle", number(env, environment.images.add(image)));
      setMember(env, result, "info", infoValue(env, info));
      return result;
    };
  };
  callBlocking(call.environment, call.slot(), work);
  return nullptr;
}

napi_value closeImage(const Call &call) {
  const auto image = call.environment.images.remove(call.handle(1));
  callBlocking(call.environment, call.slot(), [image](Message &message) {
    message.result = image == nullptr ? 0 : image->close();
  });
  return nullptr;
}

// The blocking calls of an open image.
void callImage(const Call &call, std::function<void(Image &, Message &)> work) {
  const auto image = call.environment.images.get(call.handle(1));
  callBlocking(call.environment, call.slot(), [image, work](Message &message) {
    if (image == nullptr) message.result = -ESHUTDOWN;
    else work(*image, message);
  });
}

napi_value imageUpdates(const Call &call) {
  const auto image = call.environment.images.get(call.handle(0));
  return number(call.env, image == nullptr ? 0 : image->updates());
}

napi_value imageInfo(const Call &call) {
  callImage(call, [](Image &image, Message &message) {
    ImageInfo info;
    message.result = image.info(info);
    message.value = [info](Environment &environment) { return infoValue(environment.env, info); };
  });
  return nullptr;
}

// Without a callback, rbd_resize2 crashes when it shrinks.
int onProgress(uint64_t, uint64_t, void *) { return 0; }

napi_value resizeImage(const Call &call) {
  const auto size = static_cast<uint64_t>(call.number(2));
  callImage(call, [size, allowShrink = call.flag(3)](Image &image, Message &message) {
    message.result = ceph.rbd_resize2(image.handle, size, allowShrink, onProgress, nullptr);
  });
  return nullptr;
}

napi_value setImageFeatures(const Call &call) {
  const auto features = static_cast<uint64_t>(call.number(2));
  callImage(call, [features, enabled = call.flag(3)](Image &image, Message &message) {
    message.result = ceph.rbd_update_features(image.handle, features, enabled ? 1 : 0);
  });
  return nullptr;
}

napi_value createSnapshot(const Call &call) {
  callImage(call, [name = call.text(2)](Image &image, Message &message) {
    message.result = ceph.rbd_snap_create(image.handle, name.c_str());
  });
  return nullptr;
}

napi_value removeSnapshot(const Call &call) {
  callImage(call, [name = call.text(2)](Image &image, Message &message) {
    message.result = ceph.rbd_snap_remove(image.handle, name.c_str());
  });
  return nullptr;
}

struct Extents {
  size_t max;
  // Offset, length, and 1 if it exists, of each.
  std::vector<double> numbers;
  bool more = false;
};

constexpr int kEnough = -ECANCELED;

int onExtent(uint64_t offset, size_t length, int exists, void *argument) {
  auto *extents = static_cast<Extents *>(argument);
  if (extents->numbers.size() >= extents->max * 3) {
    extents->more = true;
    return kEnough;
  }
  extents->numbers.insert(extents->numbers.end(),
                          {static_cast<double>(offset), static_cast<double>(length),
                           exists == 0 ? 0.0 : 1.0});
  return 0;
}

napi_value extentsValue(napi_env env, const Extents &extents) {
  void *memory = nullptr;
  napi_value buffer = nullptr;
  napi_value numbers = nullptr;
  const size_t count = extents.numbers.size();
  check(napi_create_arraybuffer(env, count * sizeof(double), &memory, &buffer), "extents");
  double *to = static_cast<double *>(memory);
  for (const double one : extents.numbers) *to++ = one;
  check(napi_create_typedarray(env, napi_float64_array, count, buffer, 0, &numbers), "extents");
  const napi_value result = object(env);
  setMember(env, result, "extents", numbers);
  setMember(env, result, "more", boolean(env, extents.more));
  return result;
}

napi_value diffImage(const Call &call) {
  const auto offset = static_cast<uint64_t>(call.number(2));
  const auto length = static_cast<uint64_t>(call.number(3));
  const auto max = static_cast<size_t>(call.number(4));
  const uint8_t wholeObject = call.flag(5) ? 1 : 0;
  callImage(call, [=](Image &image, Message &message) {
    Extents extents{max, {}};
    const int result = ceph.rbd_diff_iterate2(image.handle, nullptr, offset, length, 1, wholeObject,
                                              onExtent, &extents);
    message.result = extents.more ? 0 : result;
    message.value = [extents](Environment &environment) {
      return extentsValue(environment.env, extents);
    };
  });
  return nullptr;
}

napi_value imageMetadata(const Call &call) {
  callImage(call, [key = call.text(2)](Image &image, Message &message) {
    std::string value(256, '\0');
    size_t length = value.size();
    message.result = -ERANGE;
    while (message.result == -ERANGE) {
      value.resize(length);
      message.result = ceph.rbd_metadata_get(image.handle, key.c_str(), value.data(), &length);
    }
    if (message.result < 0) return;
    message.value = [text = std::string(value.c_str())](Environment &environment) {
      return string(environment.env, text);
    };
  });
  return nullptr;
}

napi_value setImageMetadata(const Call &call) {
  const bool isRemoval = isUndefined(call.env, call.arguments[3]);
  const std::string value = isRemoval ? "" : call.text(3);
  callImage(call, [isRemoval, value, key = call.text(2)](Image &image, Message &message) {
    message.result = isRemoval
                         ? ceph.rbd_metadata_remove(image.handle, key.c_str())
                         : ceph.rbd_metadata_set(image.handle, key.c_str(), value.c_str());
  });
  return nullptr;
}

}  // namespace

void defineImageCalls(napi_env env, napi_value exports) {
  define<openImage>(env, exports, "openImage");
  define<closeImage>(env, exports, "closeImage");
  define<imageInfo>(env, exports, "imageInfo");
  define<imageUpdates>(env, exports, "imageUpdates");
  define<resizeImage>(env, exports, "resizeImage");
  define<setImageFeatures>(env, exports, "setImageFeatures");
  define<createSnapshot>(env, exports, "createSnapshot");
  define<removeSnapshot>(env, exports, "removeSnapshot");
  define<diffImage>(env, exports, "diffImage");
  define<imageMetadata>(env, exports, "imageMetadata");
  define<setImageMetadata>(env, exports, "setImageMetadata");
}
