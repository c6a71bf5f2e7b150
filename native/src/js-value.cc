#include "js-value.h"

void check(napi_status status, const char *what) {
  if (status != napi_ok) napi_fatal_error("ceph.node", NAPI_AUTO_LENGTH, what, NAPI_AUTO_LENGTH);
}

double toNumber(napi_env env, napi_value value) {
  double result = 0;
  check(napi_get_value_double(env, value, &result), "a number");
  return result;
}

uint32_t toUint32(napi_env env, napi_value value) {
  uint32_t result = 0;
  check(napi_get_value_uint32(env, value, &result), "a number");
  return result;
}

uint64_t toUint64(napi_env env, napi_value bigint) {
  uint64_t result = 0;
  bool lossless = false;
  check(napi_get_value_bigint_uint64(env, bigint, &result, &lossless), "a bigint");
  return result;
}

bool toBoolean(napi_env env, napi_value value) {
  bool result = false;
  check(napi_get_value_bool(env, value, &result), "a boolean");
  return result;
}

std::string toString(napi_env env, napi_value value) {
  size_t length = 0;
  check(napi_get_value_string_utf8(env, value, nullptr, 0, &length), "a string");
  std::string result(length, '\0');
  check(napi_get_value_string_utf8(env, value, result.data(), length + 1, &length), "a string");
  return result;
}

namespace {

bool hasType(napi_env env, napi_value value, napi_valuetype wanted) {
  napi_valuetype type = napi_undefined;
  check(napi_typeof(env, value, &type), "typeof");
  return type == wanted;
}

}  // namespace

bool isUndefined(napi_env env, napi_value value) { return hasType(env, value, napi_undefined); }

bool isString(napi_env env, napi_value value) { return hasType(env, value, napi_string); }

std::string_view toBytes(napi_env env, napi_value value) {
  napi_typedarray_type type = napi_uint8_array;
  size_t length = 0;
  void *data = nullptr;
  check(napi_get_typedarray_info(env, value, &type, &length, &data, nullptr, nullptr), "bytes");
  if (type != napi_uint8_array) check(napi_invalid_arg, "a Uint8Array");
  return {static_cast<const char *>(data), length};
}

uint32_t lengthOf(napi_env env, napi_value array) {
  uint32_t length = 0;
  check(napi_get_array_length(env, array, &length), "an array");
  return length;
}

napi_value elementOf(napi_env env, napi_value array, uint32_t index) {
  napi_value value = nullptr;
  check(napi_get_element(env, array, index, &value), "an element");
  return value;
}

std::vector<std::string> toStrings(napi_env env, napi_value array) {
  std::vector<std::string> result;
  const uint32_t length = lengthOf(env, array);
  result.reserve(length);
  for (uint32_t i = 0; i < length; i++) result.push_back(toString(env, elementOf(env, array, i)));
  return result;
}

napi_value undefined(napi_env env) {
  napi_value value = nullptr;
  check(napi_get_undefined(env, &value), "undefined");
  return value;
}

napi_value number(napi_env env, double value) {
  napi_value result = nullptr;
  check(napi_create_double(env, value, &result), "a new number");
  return result;
}

napi_value boolean(napi_env env, bool value) {
  napi_value result = nullptr;
  check(napi_get_boolean(env, value, &result), "a new boolean");
  return result;
}

napi_value bigint(napi_env env, uint64_t value) {
  napi_value result = nullptr;
  check(napi_create_bigint_uint64(env, value, &result), "a new bigint");
  return result;
}

napi_value string(napi_env env, std::string_view value) {
  napi_value result = nullptr;
  check(napi_create_string_utf8(env, value.data(), value.size(), &result), "a new string");
  return result;
}

napi_value bytes(napi_env env, std::string_view value) {
  napi_value result = nullptr;
  check(napi_create_buffer_copy(env, value.size(), value.data(), nullptr, &result), "new bytes");
  return result;
}

napi_value array(napi_env env, size_t length) {
  napi_value result = nullptr;
  check(napi_create_array_with_length(env, length, &result), "a new array");
  return result;
}

void setElement(napi_env env, napi_value array, size_t index, napi_value value) {
  check(napi_set_element(env, array, static_cast<uint32_t>(index), value), "an element to set");
}

napi_value object(napi_env env) {
  napi_value result = nullptr;
  check(napi_create_object(env, &result), "a new object");
  return result;
}

void setMember(napi_env env, napi_value object, const char *name, napi_value value) {
  check(napi_set_named_property(env, object, name, value), "a member to set");
}
