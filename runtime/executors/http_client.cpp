#include "runtime/executors/http_client.hpp"

#include <curl/curl.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <map>
#include <mutex>
#include <utility>

#include "runtime/executors/http_transfer.hpp"

namespace rollout::executors {

namespace {

using boost::asio::posix::stream_descriptor;
using boost::system::error_code;

constexpr long kConnectionsKept = 512;
// Prometheus admits 512 connections and lets the rest hang; a queue on our side is kinder.
constexpr long kConnectionsToOneHost = 128;

void initialise_libcurl() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

// One of libcurl's sockets while it wants to hear of it. The socket stays libcurl's.
struct Watch {
  Watch(boost::asio::io_context& io, curl_socket_t socket) : descriptor(io, socket) {}
  stream_descriptor descriptor;
  int wanted = CURL_POLL_NONE;
  bool waits_to_read = false, waits_to_write = false;
};

}  // namespace

struct CurlHttpClient::Impl : std::enable_shared_from_this<Impl> {
  Impl(boost::asio::io_context& loop, engine::Scheduler& clock) : io(loop), scheduler(clock) {
    initialise_libcurl();
    multi = curl_multi_init();
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, this);
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, kConnectionsKept);
    curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, kConnectionsToOneHost);
  }

  void shut_down() {
    closed = true;
    scheduler.cancel(timer);
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, nullptr);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, nullptr);
    for (const auto& [socket, watch] : watches) watch->descriptor.release();
    watches.clear();
    for (const auto& [id, transfer] : transfers) curl_multi_remove_handle(multi, transfer->handle());
    transfers.clear();
    curl_multi_cleanup(multi);
  }

  static int on_socket(CURL*, curl_socket_t socket, int wanted, void* self, void*) {
    static_cast<Impl*>(self)->watch_socket(socket, wanted);
    return 0;
  }
  static int on_timer(CURLM*, long milliseconds, void* self) {
    static_cast<Impl*>(self)->set_timer(milliseconds);
    return 0;
  }

  void watch_socket(curl_socket_t socket, int wanted) {
    auto found = watches.find(socket);
    if (wanted == CURL_POLL_REMOVE) {
      if (found == watches.end()) return;
      found->second->wanted = CURL_POLL_NONE;
      found->second->descriptor.release();
      watches.erase(found);
      return;
    }
    if (found == watches.end()) found = watches.emplace(socket, std::make_shared<Watch>(io, socket)).first;
    found->second->wanted = wanted;
    wait(socket, found->second);
  }

  void wait(curl_socket_t socket, const std::shared_ptr<Watch>& watch) {
    if ((watch->wanted & CURL_POLL_IN) != 0 && !watch->waits_to_read) {
      watch->waits_to_read = true;
      watch->descriptor.async_wait(stream_descriptor::wait_read,
                                   [self = shared_from_this(), socket, watch](const error_code& error) {
                                     watch->waits_to_read = false;
                                     self->on_ready(socket, watch, CURL_CSELECT_IN, error);
                                   });
    }
    if ((watch->wanted & CURL_POLL_OUT) != 0 && !watch->waits_to_write) {
      watch->waits_to_write = true;
      watch->descriptor.async_wait(stream_descriptor::wait_write,
                                   [self = shared_from_this(), socket, watch](const error_code& error) {
                                     watch->waits_to_write = false;
                                     self->on_ready(socket, watch, CURL_CSELECT_OUT, error);
                                   });
    }
  }

  bool is_watched(curl_socket_t socket, const std::shared_ptr<Watch>& watch) const {
    const auto found = watches.find(socket);
    return found != watches.end() && found->second == watch;
  }

  void on_ready(curl_socket_t socket, const std::shared_ptr<Watch>& watch, int what, const error_code& error) {
    if (closed || !is_watched(socket, watch)) return;
    const int wanted = what == CURL_CSELECT_IN ? CURL_POLL_IN : CURL_POLL_OUT;
    if ((watch->wanted & wanted) != 0) act(socket, error ? CURL_CSELECT_ERR : what);
    if (!closed && !error && is_watched(socket, watch)) wait(socket, watch);
  }

  void set_timer(long milliseconds) {
    scheduler.cancel(timer);
    timer = 0;
    if (milliseconds < 0) return;
    timer = scheduler.at(scheduler.now() + milliseconds * 1'000'000LL, [weak = weak_from_this()] {
      if (const auto self = weak.lock(); self && !self->closed) self->act(CURL_SOCKET_TIMEOUT, 0);
    });
  }

  void act(curl_socket_t socket, int what) {
    const auto self = shared_from_this();
    int running = 0;
    curl_multi_socket_action(multi, socket, what, &running);
    collect();
  }

  void collect() {
    int left = 0;
    while (!closed) {
      const CURLMsg* message = curl_multi_info_read(multi, &left);
      if (message == nullptr) return;
      if (message->msg != CURLMSG_DONE) continue;
      const CURLcode code = message->data.result;
      HttpTransfer* transfer = nullptr;
      curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
      const auto owned = take(transfer->id());
      if (owned) owned->take_done()(owned->finish(code));
    }
  }

  std::shared_ptr<HttpTransfer> take(Id id) {
    const auto found = transfers.find(id);
    if (found == transfers.end()) return nullptr;
    const auto transfer = found->second;
    transfers.erase(found);
    curl_multi_remove_handle(multi, transfer->handle());
    return transfer;
  }

  void answer_later(const std::shared_ptr<HttpTransfer>& transfer, HttpEnd end, std::string error) {
    boost::asio::post(io, [self = shared_from_this(), transfer, end, error = std::move(error)] {
      if (!self->closed) transfer->take_done()(transfer->fail(end, error));
    });
  }

  boost::asio::io_context& io;
  engine::Scheduler& scheduler;
  CURLM* multi = nullptr;
  std::map<curl_socket_t, std::shared_ptr<Watch>> watches;
  std::map<Id, std::shared_ptr<HttpTransfer>> transfers;
  engine::TimerId timer = 0;
  Id last_id = 0;
  bool closed = false;
};

CurlHttpClient::CurlHttpClient(boost::asio::io_context& io, engine::Scheduler& scheduler)
    : impl_(std::make_shared<Impl>(io, scheduler)) {}

CurlHttpClient::~CurlHttpClient() {
  impl_->shut_down();
}

CurlHttpClient::Id CurlHttpClient::start(HttpRequest request, Done done) {
  const Id id = ++impl_->last_id;
  const auto transfer = std::make_shared<HttpTransfer>(id, std::move(request), std::move(done));
  std::string refusal = transfer->refusal();
  if (!refusal.empty()) {
    impl_->answer_later(transfer, HttpEnd::NotSent, std::move(refusal));
    return id;
  }
  transfer->prepare();
  impl_->transfers.emplace(id, transfer);
  curl_multi_add_handle(impl_->multi, transfer->handle());
  return id;
}

void CurlHttpClient::cancel(Id id) {
  if (const auto transfer = impl_->take(id)) impl_->answer_later(transfer, HttpEnd::Cancelled, "cancelled");
}

}  // namespace rollout::executors
