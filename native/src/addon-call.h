// A call from JavaScript, and the registration of the addon's functions.
#pragma once

#include <node_api.h>

#include "environment.h"
#include "js-value.h"

struct Call {
  static constexpr size_t kArgumentsMax = 8;

  Environment &environment;
  napi_env env;
  napi_value arguments[kArgumentsMax];

  uint32_t handle(size_t index) const { return toUint32(env, arguments[index]); }
  uint32_t slot() const { return toUint32(env, arguments[0]); }
  double number(size_t index) const { return toNumber(env, arguments[index]); }
  bool flag(size_t index) const { return toBoolean(env, arguments[index]); }
  std::string text(size_t index) const { return toString(env, arguments[index]); }
};

template <napi_value (*Function)(const Call &)>
napi_value enter(napi_env env, napi_callback_info info) {
  void *environment = nullptr;
  check(napi_get_instance_data(env, &environment), "the environment");
  Call call{*static_cast<Environment *>(environment), env, {}};
  size_t count = Call::kArgumentsMax;
  check(napi_get_cb_info(env, info, &count, call.arguments, nullptr, nullptr), "the arguments");
  return Function(call);
}

template <napi_value (*Function)(const Call &)>
void define(napi_env env, napi_value exports, const char *name) {
  napi_value function = nullptr;
  check(napi_create_function(env, name, NAPI_AUTO_LENGTH, enter<Function>, nullptr, &function),
        name);
  setMember(env, exports, name, function);
}

// Each file of calls registers its own.
void defineClientCalls(napi_env env, napi_value exports);
void definePoolCalls(napi_env env, napi_value exports);
void defineObjectWrite(napi_env env, napi_value exports);
void defineCompareAndWrite(napi_env env, napi_value exports);
void defineCopyObject(napi_env env, napi_value exports);
void defineObjectRead(napi_env env, napi_value exports);
void defineWatchCalls(napi_env env, napi_value exports);
void defineImageCalls(napi_env env, napi_value exports);
void defineImageInput(napi_env env, napi_value exports);
void defineImagesCalls(napi_env env, napi_value exports);
