#include "blocking-call.h"

#include <pthread.h>

#include <cerrno>
#include <csignal>
#include <memory>

namespace {

// The deepest calls of librbd (open, diff) need far less.
constexpr size_t kStackBytes = 1024 * 1024;

void *run(void *argument) {
  const std::unique_ptr<std::function<void()>> work(static_cast<std::function<void()> *>(argument));
  (*work)();
  return nullptr;
}

}  // namespace

bool startThread(std::function<void()> work) {
  auto argument = std::make_unique<std::function<void()>>(std::move(work));
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, kStackBytes);
  // Signals are handled by the JavaScript thread.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t thread;
  const int error = pthread_create(&thread, &attributes, run, argument.get());
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_attr_destroy(&attributes);
  if (error != 0) return false;
  argument.release();
  return true;
}

void callBlocking(Environment &environment, uint32_t slot, std::function<void(Message &)> work) {
  environment.begin();
  const bool started = startThread([queue = environment.queue, slot, work = std::move(work)] {
    Message message;
    message.slot = slot;
    work(message);
    queue->push(std::move(message));
  });
  if (!started) environment.answer(slot, -EAGAIN);
}
