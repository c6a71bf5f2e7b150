// Conversion between C++ and JavaScript values. An argument whose type differs from that of the
// typed layer is a broken invariant, and ends the process.
#pragma once

#include <node_api.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

void check(napi_status status, const char *what);

double toNumber(napi_env env, napi_value value);
uint32_t toUint32(napi_env env, napi_value value);
uint64_t toUint64(napi_env env, napi_value bigint);
bool toBoolean(napi_env env, napi_value value);
std::string toString(napi_env env, napi_value value);
bool isUndefined(napi_env env, napi_value value);
bool isString(napi_env env, napi_value value);

// The memory of a Uint8Array, which must stay alive as long as it is used.
std::string_view toBytes(napi_env env, napi_value value);

uint32_t lengthOf(napi_env env, napi_value array);
napi_value elementOf(napi_env env, napi_value array, uint32_t index);
std::vector<std::string> toStrings(napi_env env, napi_value array);

napi_value undefined(napi_env env);
napi_value number(napi_env env, double value);
napi_value boolean(napi_env env, bool value);
napi_value bigint(napi_env env, uint64_t value);
napi_value string(napi_env env, std::string_view value);
// A Buffer with a copy of these bytes.
napi_value bytes(napi_env env, std::string_view value);
napi_value array(napi_env env, size_t length);
void setElement(napi_env env, napi_value array, size_t index, napi_value value);
napi_value object(napi_env env);
void setMember(napi_env env, napi_value object, const char *name, napi_value value);
