#include <cerrno>

#include "addon-call.h"
#include "blocking-call.h"
#include "object-listing.h"

namespace {

void answerPool(Message &message, const std::shared_ptr<Client> &client, rados_ioctx_t io,
                const std::string &nameSpace) {
  ceph.rados_ioctx_set_namespace(io, nameSpace.c_str());
  // Otherwise a full pool would block writes, and the opening of images, for ever.
  ceph.rados_set_pool_full_try(io);
  const auto pool = std::make_shared<Pool>(client, io);
  message.value = [pool](Environment &environment) {
    return number(environment.env, environment.pools.add(pool));
  };
}

napi_value openPool(const Call &call) {
  const auto client = call.environment.clients.get(call.handle(1));
  callBlocking(call.environment, call.slot(),
               [client, name = call.text(2), nameSpace = call.text(3)](Message &message) {
                 rados_ioctx_t io = nullptr;
                 message.result = client == nullptr ? -ESHUTDOWN
                                                    : ceph.rados_ioctx_create(
                                                          client->cluster, name.c_str(), &io);
                 if (message.result >= 0) answerPool(message, client, io, nameSpace);
               });
  return nullptr;
}

napi_value openPoolById(const Call &call) {
  const auto client = call.environment.clients.get(call.handle(1));
  const auto id = static_cast<int64_t>(call.number(2));
  callBlocking(call.environment, call.slot(),
               [client, id, nameSpace = call.text(3)](Message &message) {
                 rados_ioctx_t io = nullptr;
                 message.result = client == nullptr
                                      ? -ESHUTDOWN
                                      : ceph.rados_ioctx_create2(client->cluster, id, &io);
                 if (message.result >= 0) answerPool(message, client, io, nameSpace);
               });
  return nullptr;
}

napi_value closePool(const Call &call) {
  call.environment.pools.remove(call.handle(0));
  return nullptr;
}

napi_value poolId(const Call &call) {
  const auto pool = call.environment.pools.get(call.handle(0));
  const int64_t id = pool == nullptr ? -1 : ceph.rados_ioctx_get_id(pool->io);
  return number(call.env, static_cast<double>(id));
}

napi_value poolStat(const Call &call) {
  const auto pool = call.environment.pools.get(call.handle(1));
  callBlocking(call.environment, call.slot(), [pool](Message &message) {
    rados_pool_stat_t stat{};
    message.result = pool == nullptr ? -ESHUTDOWN : ceph.rados_ioctx_pool_stat(pool->io, &stat);
    message.value = [stat](Environment &environment) {
      const napi_env env = environment.env;
      const napi_value result = object(env);
      setMember(env, result, "objects", number(env, static_cast<double>(stat.num_objects)));
      setMember(env, result, "storedBytes", number(env, static_cast<double>(stat.num_bytes)));
      return result;
    };
  });
  return nullptr;
}

napi_value setSnapWriteContext(const Call &call) {
  const auto pool = call.environment.pools.get(call.handle(0));
  if (pool == nullptr) return number(call.env, -ESHUTDOWN);
  std::vector<uint64_t> ids;
  const uint32_t count = lengthOf(call.env, call.arguments[2]);
  for (uint32_t i = 0; i < count; i++) {
    ids.push_back(toUint64(call.env, elementOf(call.env, call.arguments[2], i)));
  }
  const uint64_t newest = toUint64(call.env, call.arguments[1]);
  return number(call.env, ceph.rados_ioctx_selfmanaged_snap_set_write_ctx(
                              pool->io, newest, ids.data(), static_cast<int>(count)));
}

// The names of one page that begin with the prefix; moves the listing on.
int listPage(ObjectListing &listing, const std::string &prefix, size_t max,
             std::vector<std::string> &names) {
  const rados_ioctx_t io = listing.pool->io;
  std::vector<rados_object_list_item> items(max);
  // A cursor to be overwritten, not a place for a new one.
  rados_object_list_cursor next = ceph.rados_object_list_begin(io);
  const int count = ceph.rados_object_list(io, listing.next, listing.end, max, nullptr, 0,
                                           items.data(), &next);
  if (count < 0) {
    ceph.rados_object_list_cursor_free(io, next);
    return count;
  }
  for (int i = 0; i < count; i++) {
    std::string name(items[i].oid, items[i].oid_length);
    if (name.compare(0, prefix.size(), prefix) == 0) names.push_back(std::move(name));
  }
  ceph.rados_object_list_free(static_cast<size_t>(count), items.data());
  ceph.rados_object_list_cursor_free(io, listing.next);
  listing.next = next;
  return 0;
}

napi_value listObjects(const Call &call) {
  const uint32_t cursor = call.handle(2);
  const auto pool = call.environment.pools.get(call.handle(1));
  auto listing = call.environment.listings.remove(cursor);
  if (listing == nullptr && cursor == 0 && pool != nullptr) {
    listing = std::make_shared<ObjectListing>(pool);
  }
  const auto max = static_cast<size_t>(call.number(4));
  callBlocking(call.environment, call.slot(),
               [listing, max, prefix = call.text(3)](Message &message) {
                 std::vector<std::string> names;
                 message.result =
                     listing == nullptr ? -ESHUTDOWN : listPage(*listing, prefix, max, names);
                 if (message.result < 0) return;
                 const bool isEnd =
                     ceph.rados_object_list_is_end(listing->pool->io, listing->next) != 0;
                 message.value = [listing, isEnd, names](Environment &environment) {
                   const napi_env env = environment.env;
                   const uint32_t next = isEnd ? 0 : environment.listings.add(listing);
                   const napi_value list = array(env, names.size());
                   for (size_t i = 0; i < names.size(); i++) {
                     setElement(env, list, i, string(env, names[i]));
                   }
                   const napi_value result = object(env);
                   setMember(env, result, "names", list);
                   setMember(env, result, "cursor", number(env, next));
                   return result;
                 };
               });
  return nullptr;
}

napi_value closeListing(const Call &call) {
  call.environment.listings.remove(call.handle(0));
  return nullptr;
}

}  // namespace

void definePoolCalls(napi_env env, napi_value exports) {
  define<openPool>(env, exports, "openPool");
  define<openPoolById>(env, exports, "openPoolById");
  define<closePool>(env, exports, "closePool");
  define<poolId>(env, exports, "poolId");
  define<poolStat>(env, exports, "poolStat");
  define<setSnapWriteContext>(env, exports, "setSnapWriteContext");
  define<listObjects>(env, exports, "listObjects");
  define<closeListing>(env, exports, "closeListing");
}
