// One JavaScript thread (the main one, or a worker): where its answers go and what it has open.
// Used only on that thread, except for `queue`.
#pragma once

#include <node_api.h>

#include <memory>
#include <vector>

#include "answer-queue.h"
#include "handle-table.h"

class Client;
class Image;
class ObjectListing;
class Pool;
class Watch;

class Environment {
 public:
  explicit Environment(napi_env env);
  Environment(const Environment &) = delete;
  Environment &operator=(const Environment &) = delete;

  // See `CephNative.attach`.
  void attach(napi_value results, napi_value onResults, napi_value onMessage);

  // A call was started that one answer will end; until then the event loop stays alive.
  void begin(int count = 1);

  // Answers a call at once, in place of Ceph.
  void answer(uint32_t slot, int64_t result);

  // Runs when the thread's JavaScript ends: see environment.cc for what must not outlive it.
  void end();

  const napi_env env;
  const std::shared_ptr<AnswerQueue> queue = std::make_shared<AnswerQueue>();
  HandleTable<Client> clients;
  HandleTable<Pool> pools;
  HandleTable<Image> images;
  HandleTable<Watch> watches;
  HandleTable<ObjectListing> listings;

 private:
  static void onWake(napi_env env, napi_value, void *environment, void *);
  void deliver();
  bool deliverResults();
  bool deliverMessages();
  bool callJs(napi_ref function, size_t count, const napi_value *values);
  void done(int count);

  napi_threadsafe_function wake_ = nullptr;
  napi_ref resultsArray_ = nullptr;
  napi_ref onResults_ = nullptr;
  napi_ref onMessage_ = nullptr;
  double *resultsMemory_ = nullptr;
  size_t resultsMax_ = 0;
  int underWay_ = 0;
  std::vector<Result> results_;
  size_t resultsDelivered_ = 0;
  std::vector<Message> messages_;
  size_t messagesDelivered_ = 0;
};
