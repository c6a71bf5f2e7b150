#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "pool.h"

// The properties of an image in librbd; `RbdImageInfo` of src/ceph/rbd-image-info.ts.
struct ImageInfo {
  struct Snapshot {
    uint64_t id;
    uint64_t size;
    std::string name;
    // False: librbd keeps it for clones alone, or for mirrors.
    bool isUser;
    // Seconds since 1970.
    double madeAt;
  };

  rbd_image_info_t stat{};
  uint64_t features = 0;
  uint64_t stripeUnit = 0;
  uint64_t stripeCount = 0;
  int64_t dataPool = -1;
  uint64_t overlap = 0;
  std::string id;
  std::string prefix;
  bool hasParent = false;
  int64_t parentPool = -1;
  std::string parentPoolName;
  std::string parentNamespace;
  std::string parentImage;
  std::string parentSnapshot;
  std::vector<Snapshot> snapshots;
};

// An open image. Its blocking functions are called on a thread of the addon.
class Image {
 public:
  Image(std::shared_ptr<Pool> pool, rbd_image_t handle);
  // An image that was not closed is closed on a thread, because that may wait for OSDs.
  ~Image();
  Image(const Image &) = delete;
  Image &operator=(const Image &) = delete;

  // Blocks. From then on, updates of the header are reported to that slot.
  int watchUpdates(std::shared_ptr<AnswerQueue> queue, uint32_t slot);
  int info(ImageInfo &info) const;
  // The number of updates of the header so far, including those not delivered to the slot yet.
  uint32_t updates() const;
  // Waits until librbd has returned all buffers.
  int close();

  const std::shared_ptr<Pool> pool;
  const rbd_image_t handle;

 private:
  struct Updates;

  static void onUpdate(void *updates);
  int snapshots(std::vector<ImageInfo::Snapshot> &list) const;
  void parent(ImageInfo &info) const;

  std::shared_ptr<Updates> updates_;
  bool open_ = true;
};
