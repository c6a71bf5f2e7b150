#include "answer-queue.h"

#include <chrono>

void AnswerQueue::open(napi_threadsafe_function wake) { wake_ = wake; }

void AnswerQueue::close() {
  std::vector<Message> dropped;
  const std::lock_guard<std::mutex> lock(mutex_);
  closed_ = true;
  wake_ = nullptr;
  dropped.swap(messages_);
}

// With the mutex held, so that `close` cannot run in between.
void AnswerQueue::wake() {
  if (woken_ || wake_ == nullptr) return;
  woken_ = napi_call_threadsafe_function(wake_, nullptr, napi_tsfn_nonblocking) == napi_ok;
}

void AnswerQueue::push(const Result &result, int returned) {
  const std::lock_guard<std::mutex> lock(mutex_);
  borrowed_ -= returned;
  if (borrowed_ == 0 && closed_) returned_.notify_all();
  if (closed_) return;
  results_.push_back(result);
  wake();
}

void AnswerQueue::push(Message &&message) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (closed_) return;
  if (message.mayBeDropped && messages_.size() >= kMessagesMax) return;
  messages_.push_back(std::move(message));
  wake();
}

bool AnswerQueue::take(std::vector<Result> &results, std::vector<Message> &messages) {
  const std::lock_guard<std::mutex> lock(mutex_);
  results.clear();
  messages.clear();
  results.swap(results_);
  messages.swap(messages_);
  woken_ = !results.empty() || !messages.empty();
  return woken_;
}

void AnswerQueue::borrow(int count) {
  const std::lock_guard<std::mutex> lock(mutex_);
  borrowed_ += count;
}

bool AnswerQueue::awaitReturn(int milliseconds) {
  std::unique_lock<std::mutex> lock(mutex_);
  return returned_.wait_for(lock, std::chrono::milliseconds(milliseconds),
                            [this] { return borrowed_ == 0; });
}
