#include "environment.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "client.h"
#include "image.h"
#include "js-value.h"
#include "object-listing.h"
#include "pool.h"
#include "protocol.h"
#include "watch.h"

namespace {

// Batches that one wake-up delivers before other events of the loop run.
constexpr int kBatchesMax = 4;
// How long an ending thread waits for Ceph to return its buffers.
constexpr int kReturnMs = 5000;
constexpr int kExitCode = 70;  // EX_SOFTWARE

napi_ref reference(napi_env env, napi_value value) {
  napi_ref result = nullptr;
  check(napi_create_reference(env, value, 1, &result), "a reference");
  return result;
}

napi_value valueOf(napi_env env, napi_ref reference) {
  napi_value result = nullptr;
  check(napi_get_reference_value(env, reference, &result), "a referenced value");
  return result;
}

}  // namespace

Environment::Environment(napi_env env) : env(env) {}

void Environment::attach(napi_value results, napi_value onResults, napi_value onMessage) {
  napi_typedarray_type type = napi_float64_array;
  size_t length = 0;
  void *memory = nullptr;
  check(napi_get_typedarray_info(env, results, &type, &length, &memory, nullptr, nullptr),
        "the array of results");
  resultsMemory_ = static_cast<double *>(memory);
  resultsMax_ = length / protocol::resultFields;
  resultsArray_ = reference(env, results);
  onResults_ = reference(env, onResults);
  onMessage_ = reference(env, onMessage);
  check(napi_create_threadsafe_function(env, nullptr, nullptr, string(env, "ceph"), 0, 1, nullptr,
                                        nullptr, this, onWake, &wake_),
        "the wake-up");
  check(napi_unref_threadsafe_function(env, wake_), "unref");
  queue->open(wake_);
}

void Environment::begin(int count) {
  if (underWay_ == 0) check(napi_ref_threadsafe_function(env, wake_), "ref");
  underWay_ += count;
}

void Environment::done(int count) {
  underWay_ -= count;
  if (underWay_ == 0) check(napi_unref_threadsafe_function(env, wake_), "unref");
}

void Environment::answer(uint32_t slot, int64_t result) {
  Message message;
  message.slot = slot;
  message.result = result;
  queue->push(std::move(message));
}

void Environment::onWake(napi_env env, napi_value, void *environment, void *) {
  if (env != nullptr) static_cast<Environment *>(environment)->deliver();
}

void Environment::deliver() {
  for (int batch = 0; batch < kBatchesMax; batch++) {
    const bool isRest = resultsDelivered_ < results_.size() || messagesDelivered_ < messages_.size();
    if (!isRest) {
      if (!queue->take(results_, messages_)) return;
      resultsDelivered_ = messagesDelivered_ = 0;
    }
    // A listener threw: the rest is delivered with the next wake-up.
    if (!deliverResults() || !deliverMessages()) break;
  }
  napi_call_threadsafe_function(wake_, nullptr, napi_tsfn_nonblocking);
}

bool Environment::deliverResults() {
  while (resultsDelivered_ < results_.size()) {
    const size_t count = std::min(resultsMax_, results_.size() - resultsDelivered_);
    double *memory = resultsMemory_;
    for (size_t i = 0; i < count; i++) {
      const Result &result = results_[resultsDelivered_ + i];
      memory[0] = result.slot;
      memory[1] = static_cast<double>(result.result);
      memory[2] = static_cast<double>(result.detail);
      memory += protocol::resultFields;
    }
    resultsDelivered_ += count;
    done(static_cast<int>(count));
    const napi_value value = number(env, static_cast<double>(count));
    if (!callJs(onResults_, 1, &value)) return false;
  }
  return true;
}

bool Environment::deliverMessages() {
  while (messagesDelivered_ < messages_.size()) {
    const Message message = std::move(messages_[messagesDelivered_++]);
    if (message.isAnswer) done(1);
    napi_handle_scope scope = nullptr;
    check(napi_open_handle_scope(env, &scope), "a scope");
    const napi_value values[] = {
        number(env, message.slot),
        number(env, static_cast<double>(message.result)),
        message.value ? message.value(*this) : undefined(env),
    };
    const bool isOk = callJs(onMessage_, 3, values);
    napi_close_handle_scope(env, scope);
    if (!isOk) return false;
  }
  return true;
}

bool Environment::callJs(napi_ref function, size_t count, const napi_value *values) {
  return napi_call_function(env, undefined(env), valueOf(env, function), count, values, nullptr) ==
         napi_ok;
}

// Ceph may hold buffers of JavaScript, to read from or to fill, and returns none of them before its
// operation has ended. Their memory is freed with the heap of this thread, so the thread waits. If
// that does not help (a silent OSD), the process ends: otherwise other memory would be overwritten,
// or other bytes written to the image.
void Environment::end() {
  queue->close();
  if (!queue->awaitReturn(kReturnMs)) {
    std::fputs("ceph.node: the thread ended while Ceph still holds its buffers; leaving\n", stderr);
    _exit(kExitCode);
  }
  listings.clear();
  watches.each([](const std::shared_ptr<Watch> &watch) { watch->end([](int) {}); });
  watches.clear();
  images.clear();
  pools.clear();
  clients.clear();
}
