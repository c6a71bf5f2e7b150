#include "ceph-library.h"

#include <dlfcn.h>

#include <mutex>

#include "allocator.h"
#include "process-exit.h"

CephApi ceph;

namespace {

constexpr const char *kRados = "librados.so.2";
constexpr const char *kRbd = "librbd.so.1";

template <typename Function>
bool resolve(void *library, const char *name, Function &function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  return function != nullptr;
}

bool fail(MissingLibrary &missing, const char *library) {
  const char *said = dlerror();
  missing = {library, said == nullptr ? "unknown reason" : said};
  return false;
}

}  // namespace

bool loadCeph(MissingLibrary &missing) {
  static std::mutex mutex;
  static bool loaded = false;
  const std::lock_guard<std::mutex> lock(mutex);
  if (loaded) return true;
  void *rados = dlopen(kRados, RTLD_NOW | RTLD_LOCAL);
  if (rados == nullptr) return fail(missing, kRados);
  void *rbd = dlopen(kRbd, RTLD_NOW | RTLD_LOCAL);
  if (rbd == nullptr) return fail(missing, kRbd);
#define CEPH_RADOS(result, name, ...) \
  if (!resolve(rados, #name, ceph.name)) return fail(missing, kRados);
  RADOS_FUNCTIONS(CEPH_RADOS)
#undef CEPH_RADOS
#define CEPH_RBD(result, name, ...) \
  if (!resolve(rbd, #name, ceph.name)) return fail(missing, kRbd);
  RBD_FUNCTIONS(CEPH_RBD)
#undef CEPH_RBD
  keepBuffersInHeap();
  // Registered after the handlers of the libraries, so that it runs before them.
  leaveAtOnceWithOpenClients();
  loaded = true;
  return true;
}
