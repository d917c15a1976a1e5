#include "runtime/executors/http_transfer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "runtime/executors/certificates.hpp"
#include "runtime/executors/text.hpp"

namespace rollout::executors {

namespace {

bool has_line_break(const std::string& text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char byte) { return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte - 'A' + 'a') : byte; });
  return text;
}

bool changes_nothing(const std::string& method) {
  return method == "GET" || method == "HEAD" || method == "OPTIONS";
}

// What the environment excludes from proxies, and this machine itself.
std::string excluded_from_proxies() {
  std::string hosts = "localhost,127.0.0.1,::1";
  for (const char* name : {"no_proxy", "NO_PROXY"}) {
    if (const char* value = std::getenv(name); value != nullptr && *value != '\0') return hosts + "," + value;
  }
  return hosts;
}

}  // namespace

HttpTransfer::HttpTransfer(HttpClient::Id id, HttpRequest request, HttpClient::Done done)
    : id_(id),
      request_(std::move(request)),
      done_(std::move(done)),
      no_proxy_(excluded_from_proxies()),
      easy_(curl_easy_init()) {}

// Without user name, password and query, which may hold what is nobody's business.
std::string HttpTransfer::shown_url() const {
  if (request_.secret_url) return "***";
  std::string_view url = request_.url;
  url = url.substr(0, url.find_first_of("?#"));
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos) return printable(url);
  const auto path = std::min(url.find('/', scheme + 3), url.size());
  const auto user_end = url.substr(0, path).rfind('@');
  if (user_end == std::string_view::npos || user_end < scheme) return printable(url);
  return printable(fmt::format("{}{}", url.substr(0, scheme + 3), url.substr(user_end + 1)));
}

std::string HttpTransfer::refusal() const {
  const std::string scheme = lower(request_.url.substr(0, 8));
  if (!scheme.starts_with("http://") && !scheme.starts_with("https://")) {
    return fmt::format("`{}` is not an http or https address", shown_url());
  }
  if (has_line_break(request_.url)) return fmt::format("the address `{}` holds a line break", shown_url());
  if (request_.method.empty() || request_.method.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") != std::string::npos) {
    return fmt::format("`{}` is not an HTTP method", printable(request_.method, 40));
  }
  for (const auto& [name, value] : request_.headers) {
    if (name.empty() || has_line_break(name) || name.find_first_of(": ") != std::string::npos) {
      return fmt::format("`{}` cannot be the name of a header", printable(name, 80));
    }
    if (has_line_break(value)) return fmt::format("the header `{}` holds a line break", printable(name, 80));
  }
  return {};
}

void HttpTransfer::prepare_headers() {
  curl_slist* list = nullptr;
  const auto add = [&](const std::string& line) { list = curl_slist_append(list, line.c_str()); };
  // An empty value is written with `;`, else libcurl takes it as "leave this header out".
  for (const auto& [name, value] : request_.headers) add(value.empty() ? name + ";" : name + ": " + value);
  // Some servers answer `Expect: 100-continue` with silence. libcurl would sign this line, although it is not sent; it
  // expects by itself only before bodies of a mebibyte and more, which no service of AWS takes.
  if (request_.signing.empty()) add("Expect:");
  headers_.reset(list);
  curl_easy_setopt(easy_.get(), CURLOPT_HTTPHEADER, list);
}

void HttpTransfer::prepare_method() {
  CURL* easy = easy_.get();
  if (!request_.body.empty() || request_.method == "POST") {
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request_.body.data());
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
  }
  if (request_.method == "HEAD") {
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  } else {
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  }
  // On a connection that proves dead libcurl sends the request again by itself; whether the first was acted on is
  // unknown, so what changes something goes on a connection of its own.
  if (!changes_nothing(request_.method)) curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
}

void HttpTransfer::prepare_authentication() {
  CURL* easy = easy_.get();
  if (request_.user.empty() && request_.password.empty()) return;
  curl_easy_setopt(easy, CURLOPT_USERNAME, request_.user.c_str());
  curl_easy_setopt(easy, CURLOPT_PASSWORD, request_.password.c_str());
  if (request_.signing.empty()) {
    curl_easy_setopt(easy, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
  } else {
    curl_easy_setopt(easy, CURLOPT_AWS_SIGV4, request_.signing.c_str());
  }
}

void HttpTransfer::prepare() {
  CURL* easy = easy_.get();
  curl_easy_setopt(easy, CURLOPT_PRIVATE, this);
  curl_easy_setopt(easy, CURLOPT_URL, request_.url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_NOPROXY, no_proxy_.c_str());
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "rollout/" ROLLOUT_VERSION);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(std::max<Nanoseconds>(request_.timeout / 1'000'000, 1)));
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error_);
  trust_certificates(easy);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
  prepare_headers();
  prepare_authentication();
  prepare_method();
}

std::size_t HttpTransfer::on_body(char* data, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<HttpTransfer*>(self);
  const std::size_t length = size * count;
  const std::size_t kept = std::min(length, transfer.request_.body_limit - transfer.result_.body.size());
  transfer.result_.body.append(data, kept);
  transfer.result_.dropped += length - kept;
  return length;
}

std::size_t HttpTransfer::on_header(char* data, std::size_t size, std::size_t count, void* self) {
  constexpr std::size_t kHeadersAtMost = 200;
  auto& headers = static_cast<HttpTransfer*>(self)->result_.headers;
  const std::string_view line(data, size * count);
  // Each answer, an interim one too, begins with its status line.
  if (line.starts_with("HTTP/")) headers.clear();
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0 || headers.size() >= kHeadersAtMost) return line.size();
  headers.emplace_back(lower(valid_utf8(line.substr(0, colon))), valid_utf8(trimmed(line.substr(colon + 1))));
  return line.size();
}

HttpResult HttpTransfer::fail(HttpEnd end, std::string error) {
  result_.end = end;
  result_.error = std::move(error);
  return std::move(result_);
}

HttpResult HttpTransfer::finish(CURLcode code) {
  long status = 0;
  long sent = 0;
  curl_off_t elapsed = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(easy_.get(), CURLINFO_REQUEST_SIZE, &sent);
  curl_easy_getinfo(easy_.get(), CURLINFO_TOTAL_TIME_T, &elapsed);
  result_.elapsed = elapsed * 1'000;
  result_.status = static_cast<int>(status);
  if (code == CURLE_OK) {
    result_.end = HttpEnd::Answered;
    return std::move(result_);
  }
  if (code == CURLE_OPERATION_TIMEDOUT) {
    return fail(HttpEnd::TimedOut, fmt::format("no complete answer from `{}` within {}", shown_url(),
                                               plan::duration_text(request_.timeout)));
  }
  // libcurl's own words name the host.
  const std::string why = printable(error_[0] == '\0' || request_.secret_url ? curl_easy_strerror(code) : error_);
  if (sent == 0) return fail(HttpEnd::NotSent, fmt::format("cannot reach `{}`: {}", shown_url(), why));
  return fail(HttpEnd::Failed, fmt::format("the exchange with `{}` broke off: {}", shown_url(), why));
}

}  // namespace rollout::executors
