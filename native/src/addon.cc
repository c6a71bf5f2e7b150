// The addon of Allpath for Ceph, between Node-API and the C interface of librados and librbd. It
// decides nothing. `CephNative` of src/ceph/ceph-native.ts is its other side.
#include "addon-call.h"
#include "ceph-library.h"
#include "protocol.h"

namespace {

napi_value load(const Call &call) {
  MissingLibrary missing;
  if (loadCeph(missing)) return undefined(call.env);
  const napi_value result = object(call.env);
  setMember(call.env, result, "library", string(call.env, missing.library));
  setMember(call.env, result, "reason", string(call.env, missing.reason));
  return result;
}

napi_value attach(const Call &call) {
  call.environment.attach(call.arguments[0], call.arguments[1], call.arguments[2]);
  return nullptr;
}

napi_value protocolTable(napi_env env) {
  const napi_value table = object(env);
#define ALLPATH_MEMBER(name, value) setMember(env, table, #name, number(env, value));
  ALLPATH_PROTOCOL(ALLPATH_MEMBER)
#undef ALLPATH_MEMBER
  return table;
}

void endEnvironment(void *environment) { static_cast<Environment *>(environment)->end(); }

void freeEnvironment(napi_env, void *environment, void *) {
  delete static_cast<Environment *>(environment);
}

}  // namespace

NAPI_MODULE_INIT() {
  auto *environment = new Environment(env);
  check(napi_set_instance_data(env, environment, freeEnvironment, nullptr), "the environment");
  check(napi_add_env_cleanup_hook(env, endEnvironment, environment), "the cleanup hook");
  setMember(env, exports, "protocol", protocolTable(env));
  define<load>(env, exports, "load");
  define<attach>(env, exports, "attach");
  defineClientCalls(env, exports);
  definePoolCalls(env, exports);
  defineObjectWrite(env, exports);
  defineCompareAndWrite(env, exports);
  defineCopyObject(env, exports);
  defineObjectRead(env, exports);
  defineWatchCalls(env, exports);
  defineImageCalls(env, exports);
  defineImageInput(env, exports);
  defineImagesCalls(env, exports);
  return exports;
}
