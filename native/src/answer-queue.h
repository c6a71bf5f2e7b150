// Messages of Ceph's threads to the JavaScript thread. Many answers cost one wake-up: a wake-up is
// requested only while none is pending.
#pragma once

#include <node_api.h>

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <vector>

class Environment;

// The result of an operation of the data path: only numbers, because there are many of them.
struct Result {
  uint32_t slot;
  int64_t result;
  uint64_t detail;
};

// Any other message. `value` makes its JavaScript value, on the JavaScript thread.
struct Message {
  uint32_t slot = 0;
  int64_t result = 0;
  std::function<napi_value(Environment &)> value;
  // Whether it answers a call, which keeps the event loop alive, or is an event of a watch, an
  // image or a long call.
  bool isAnswer = true;
  // Set for notifications: other clients may send any number of them, and do not rely on them.
  bool mayBeDropped = false;
};

class AnswerQueue {
 public:
  void open(napi_threadsafe_function wake);
  // There are no more wake-ups; later messages are dropped.
  void close();

  // `returned`: how many borrowed buffers come back with it.
  void push(const Result &result, int returned = 0);
  void push(Message &&message);
  // Notifications are dropped when the JavaScript thread is this far behind: their senders time out.
  // All others are bounded: one answer for each call, one loss for each watch, one update for each
  // image.
  static constexpr size_t kMessagesMax = 65536;

  // Takes all messages. False if there are none; then the next push causes a wake-up again.
  bool take(std::vector<Result> &results, std::vector<Message> &messages);

  // Operations that use memory of JavaScript.
  void borrow(int count);
  // Whether all memory was returned within that time.
  bool awaitReturn(int milliseconds);

 private:
  void wake();

  std::mutex mutex_;
  std::condition_variable returned_;
  napi_threadsafe_function wake_ = nullptr;
  bool woken_ = false;
  bool closed_ = false;
  int borrowed_ = 0;
  std::vector<Result> results_;
  std::vector<Message> messages_;
};
