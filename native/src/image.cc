#include "image.h"

#include <atomic>
#include <cerrno>

#include "blocking-call.h"
#include "environment.h"
#include "js-value.h"

namespace {

constexpr int kSnapshotsFirst = 64;
constexpr size_t kNameMax = 256;

std::string orEmpty(const char *text) { return text == nullptr ? "" : text; }

int closeHandle(rbd_image_t handle, bool isWatched, uint64_t watch) {
  if (isWatched) ceph.rbd_update_unwatch(handle, watch);
  return ceph.rbd_close(handle);
}

}  // namespace

struct Image::Updates : std::enable_shared_from_this<Image::Updates> {
  Updates(std::shared_ptr<AnswerQueue> queue, uint32_t slot)
      : queue(std::move(queue)), slot(slot) {}

  const std::shared_ptr<AnswerQueue> queue;
  const uint32_t slot;
  uint64_t watch = 0;
  // The number of updates.
  std::atomic<uint32_t> count{0};
  // A message is pending, which covers all updates until it is delivered.
  std::atomic<bool> isQueued{false};
};

Image::Image(std::shared_ptr<Pool> pool, rbd_image_t handle)
    : pool(std::move(pool)), handle(handle) {}

Image::~Image() {
  if (!open_) return;
  startThread([pool = pool, handle = handle,
               updates = std::move(updates_)] {
    closeHandle(handle, updates != nullptr, updates == nullptr ? 0 : updates->watch);
  });
}

int Image::watchUpdates(std::shared_ptr<AnswerQueue> queue, uint32_t slot) {
  updates_ = std::make_shared<Updates>(std::move(queue), slot);
  const int result = ceph.rbd_update_watch(handle, &updates_->watch, onUpdate, updates_.get());
  if (result < 0) updates_.reset();
  return result;
}

void Image::onUpdate(void *argument) {
  auto *updates = static_cast<Updates *>(argument);
  // Runs before librbd acknowledges the update to the client that made the change.
  updates->count.fetch_add(1);
  if (updates->isQueued.exchange(true)) return;
  Message message;
  message.slot = updates->slot;
  message.isAnswer = false;
  message.value = [self = updates->shared_from_this()](Environment &environment) {
    self->isQueued = false;
    return undefined(environment.env);
  };
  updates->queue->push(std::move(message));
}

uint32_t Image::updates() const {
  return updates_ == nullptr ? 0 : updates_->count.load();
}

int Image::close() {
  open_ = false;
  const int result =
      closeHandle(handle, updates_ != nullptr, updates_ == nullptr ? 0 : updates_->watch);
  updates_.reset();
  return result;
}

int Image::info(ImageInfo &info) const {
  int result = ceph.rbd_stat(handle, &info.stat, sizeof info.stat);
  if (result < 0) return result;
  result = ceph.rbd_get_features(handle, &info.features);
  if (result < 0) return result;
  result = ceph.rbd_get_stripe_unit(handle, &info.stripeUnit);
  if (result < 0) return result;
  result = ceph.rbd_get_stripe_count(handle, &info.stripeCount);
  if (result < 0) return result;
  info.dataPool = ceph.rbd_get_data_pool_id(handle);
  char text[kNameMax] = "";
  if (ceph.rbd_get_id(handle, text, sizeof text) >= 0) info.id = text;
  result = ceph.rbd_get_block_name_prefix(handle, text, sizeof text);
  if (result < 0) return result;
  info.prefix = text;
  parent(info);
  return snapshots(info.snapshots);
}

void Image::parent(ImageInfo &info) const {
  rbd_linked_image_spec_t image{};
  rbd_snap_spec_t snapshot{};
  if (ceph.rbd_get_parent(handle, &image, &snapshot) < 0) return;
  info.hasParent = true;
  info.parentPool = image.pool_id;
  info.parentPoolName = orEmpty(image.pool_name);
  info.parentNamespace = orEmpty(image.pool_namespace);
  info.parentImage = orEmpty(image.image_name);
  info.parentSnapshot = orEmpty(snapshot.name);
  ceph.rbd_linked_image_spec_cleanup(&image);
  ceph.rbd_snap_spec_cleanup(&snapshot);
  ceph.rbd_get_overlap(handle, &info.overlap);
}

// As librbd numbers the kinds of snapshots.
constexpr int kUserSnapshot = 0;

int Image::snapshots(std::vector<ImageInfo::Snapshot> &list) const {
  int max = kSnapshotsFirst;
  std::vector<rbd_snap_info_t> found;
  int count = -ERANGE;
  while (count == -ERANGE) {
    found.resize(static_cast<size_t>(max));
    count = ceph.rbd_snap_list(handle, found.data(), &max);
  }
  if (count < 0) return count;
  for (int i = 0; i < count; i++) {
    const rbd_snap_info_t &one = found[static_cast<size_t>(i)];
    int type = kUserSnapshot;
    timespec madeAt{};
    ceph.rbd_snap_get_namespace_type(handle, one.id, &type);
    ceph.rbd_snap_get_timestamp(handle, one.id, &madeAt);
    list.push_back({one.id, one.size, orEmpty(one.name), type == kUserSnapshot,
                    static_cast<double>(madeAt.tv_sec)});
  }
  if (count > 0) ceph.rbd_snap_list_end(found.data());
  return 0;
}
