#include <cerrno>
#include <cstdlib>

#include "addon-call.h"
#include "blocking-call.h"
#include "client.h"

namespace {

struct Connection {
  std::string user;
  std::string conf;
  std::vector<std::string> settings;
};

// The name of the call that failed, or null.
const char *openCluster(const Connection &to, rados_t &cluster, int64_t &result) {
  result = ceph.rados_create(&cluster, to.user.c_str());
  if (result < 0) return "rados_create";
  result = ceph.rados_conf_read_file(cluster, to.conf.c_str());
  if (result < 0) return "rados_conf_read_file";
  for (size_t i = 0; i + 1 < to.settings.size(); i += 2) {
    result = ceph.rados_conf_set(cluster, to.settings[i].c_str(), to.settings[i + 1].c_str());
    // A setting that a release of Ceph does not know is harmless.
    if (result < 0 && result != -ENOENT) return "rados_conf_set";
  }
  result = ceph.rados_connect(cluster);
  return result < 0 ? "rados_connect" : nullptr;
}

napi_value connect(const Call &call) {
  const Connection to{call.text(1), call.text(2), toStrings(call.env, call.arguments[3])};
  callBlocking(call.environment, call.slot(), [to](Message &message) {
    rados_t cluster = nullptr;
    const char *failed = openCluster(to, cluster, message.result);
    if (failed == nullptr) {
      const auto client = std::make_shared<Client>(cluster);
      message.value = [client](Environment &environment) {
        return number(environment.env, environment.clients.add(client));
      };
      return;
    }
    if (cluster != nullptr) ceph.rados_shutdown(cluster);
    message.value = [failed](Environment &environment) { return string(environment.env, failed); };
  });
  return nullptr;
}

napi_value shutdown(const Call &call) {
  call.environment.begin();
  const std::shared_ptr<Client> client = call.environment.clients.remove(call.handle(1));
  if (client == nullptr) call.environment.answer(call.slot(), 0);
  else client->answerWhenGone(call.environment.queue, call.slot());
  return nullptr;
}

napi_value addresses(const Call &call) {
  const auto client = call.environment.clients.get(call.handle(0));
  char *found = nullptr;
  if (client == nullptr || ceph.rados_getaddrs(client->cluster, &found) < 0) {
    return string(call.env, "");
  }
  const napi_value result = string(call.env, found);
  std::free(found);
  return result;
}

napi_value instanceId(const Call &call) {
  const auto client = call.environment.clients.get(call.handle(0));
  return bigint(call.env, client == nullptr ? 0 : ceph.rados_get_instance_id(client->cluster));
}

// The blocking calls of an open client.
void callClient(const Call &call, std::function<void(rados_t, Message &)> work) {
  const auto client = call.environment.clients.get(call.handle(1));
  callBlocking(call.environment, call.slot(), [client, work](Message &message) {
    if (client == nullptr) message.result = -ESHUTDOWN;
    else work(client->cluster, message);
  });
}

napi_value fsid(const Call &call) {
  callClient(call, [](rados_t cluster, Message &message) {
    char text[64] = "";
    message.result = ceph.rados_cluster_fsid(cluster, text, sizeof text);
    message.value = [text = std::string(text)](Environment &environment) {
      return string(environment.env, text);
    };
  });
  return nullptr;
}

napi_value monCommand(const Call &call) {
  callClient(call, [command = call.text(2)](rados_t cluster, Message &message) {
    const char *commands[] = {command.c_str()};
    char *output = nullptr;
    char *status = nullptr;
    size_t outputLength = 0;
    size_t statusLength = 0;
    message.result = ceph.rados_mon_command(cluster, commands, 1, "", 0, &output, &outputLength,
                                            &status, &statusLength);
    const std::string said(output == nullptr ? "" : output, outputLength);
    const std::string sentence(status == nullptr ? "" : status, statusLength);
    ceph.rados_buffer_free(output);
    ceph.rados_buffer_free(status);
    message.value = [said, sentence](Environment &environment) {
      const napi_value result = object(environment.env);
      setMember(environment.env, result, "output", string(environment.env, said));
      setMember(environment.env, result, "status", string(environment.env, sentence));
      return result;
    };
  });
  return nullptr;
}

napi_value blocklist(const Call &call) {
  const auto seconds = static_cast<uint32_t>(call.number(3));
  callClient(call, [address = call.text(2), seconds](rados_t cluster, Message &message) {
    message.result = ceph.rados_blocklist_add(cluster, const_cast<char *>(address.c_str()), seconds);
  });
  return nullptr;
}

napi_value waitForLatestOsdmap(const Call &call) {
  callClient(call, [](rados_t cluster, Message &message) {
    message.result = ceph.rados_wait_for_latest_osdmap(cluster);
  });
  return nullptr;
}

napi_value clusterStat(const Call &call) {
  callClient(call, [](rados_t cluster, Message &message) {
    rados_cluster_stat_t stat{};
    message.result = ceph.rados_cluster_stat(cluster, &stat);
    message.value = [stat](Environment &environment) {
      const napi_env env = environment.env;
      const napi_value result = object(env);
      setMember(env, result, "totalBytes", number(env, static_cast<double>(stat.kb) * 1024));
      setMember(env, result, "usedBytes", number(env, static_cast<double>(stat.kb_used) * 1024));
      setMember(env, result, "availableBytes",
                number(env, static_cast<double>(stat.kb_avail) * 1024));
      setMember(env, result, "objects", number(env, static_cast<double>(stat.num_objects)));
      return result;
    };
  });
  return nullptr;
}

}  // namespace

void defineClientCalls(napi_env env, napi_value exports) {
  define<connect>(env, exports, "connect");
  define<shutdown>(env, exports, "shutdown");
  define<addresses>(env, exports, "addresses");
  define<instanceId>(env, exports, "instanceId");
  define<fsid>(env, exports, "fsid");
  define<monCommand>(env, exports, "monCommand");
  define<blocklist>(env, exports, "blocklist");
  define<waitForLatestOsdmap>(env, exports, "waitForLatestOsdmap");
  define<clusterStat>(env, exports, "clusterStat");
}
