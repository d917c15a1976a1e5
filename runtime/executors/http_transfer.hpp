#pragma once

#include <curl/curl.h>

#include <memory>
#include <string>

#include "runtime/executors/http_client.hpp"

namespace rollout::executors {

// One request and its answer while libcurl works on it. libcurl keeps pointers into it, so it never moves.
class HttpTransfer {
 public:
  HttpTransfer(HttpClient::Id id, HttpRequest request, HttpClient::Done done);
  HttpTransfer(const HttpTransfer&) = delete;
  HttpTransfer& operator=(const HttpTransfer&) = delete;

  // Why this request must not be sent, empty where it may.
  std::string refusal() const;
  void prepare();
  CURL* handle() { return easy_.get(); }
  HttpClient::Id id() const { return id_; }
  // The result for libcurl's code; the transfer is of no further use then.
  HttpResult finish(CURLcode code);
  HttpResult fail(HttpEnd end, std::string error);
  HttpClient::Done take_done() { return std::move(done_); }

 private:
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self);
  void prepare_method();
  void prepare_headers();
  void prepare_authentication();
  std::string shown_url() const;

  struct EndEasy {
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
  };
  struct FreeList {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  };

  HttpClient::Id id_;
  HttpRequest request_;
  HttpClient::Done done_;
  HttpResult result_;
  std::unique_ptr<curl_slist, FreeList> headers_;
  std::string no_proxy_;
  char error_[CURL_ERROR_SIZE] = {};
  std::unique_ptr<CURL, EndEasy> easy_;
};

}  // namespace rollout::executors
