// What Ceph's threads have for the JavaScript thread. Many answers cost one wake-up: a wake-up is
// asked for only while none is on its way.
#pragma once

#include <node_api.h>

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <vector>

class Environment;

// Of an operation of the data path: numbers only, for there are many of them.
struct Result {
  uint32_t slot;
  int64_t result;
  uint64_t detail;
};

// Of everything else. `value` makes its JavaScript value, on the JavaScript thread.
struct Message {
  uint32_t slot = 0;
  int64_t result = 0;
  std::function<napi_value(Environment &)> value;
  // Whether it answers a call, which keeps the event loop alive, or is news of a watch, an image or
  // a long call.
  bool isAnswer = true;
  // Anyone may send any number of it, and does not rely on it: a notification.
  bool mayBeDropped = false;
};

class AnswerQueue {
 public:
  void open(napi_threadsafe_function wake);
  // Nobody is woken any more; what comes later is dropped.
  void close();

  // `returned`: how many of what was borrowed come back with it.
  void push(const Result &result, int returned = 0);
  void push(Message &&message);
  // Notifications are dropped when the JavaScript thread is this far behind: their senders time out.
  // All else is bounded by what it is of: one answer a call, one loss a watch, one update an image.
  static constexpr size_t kMessagesMax = 65536;

  // Takes all there is. False, and the next push wakes again, when there is nothing.
  bool take(std::vector<Result> &results, std::vector<Message> &messages);

  // Operations that touch JavaScript's memory.
  void borrow(int count);
  // Whether all memory came back within that time.
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
