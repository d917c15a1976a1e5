#include "runtime/executors/mail_sender.hpp"

#include <curl/curl.h>
#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <map>
#include <optional>
#include <thread>
#include <utility>

#include "runtime/executors/certificates.hpp"
#include "runtime/executors/text.hpp"

namespace rollout::executors {

namespace {

// A part of the address; nothing where it has none or is none.
std::optional<std::string> url_part(const std::string& url, CURLUPart part) {
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> parsed(curl_url(), curl_url_cleanup);
  if (!parsed || curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK)
    return std::nullopt;
  char* text = nullptr;
  if (curl_url_get(parsed.get(), part, &text, 0) != CURLUE_OK) return std::nullopt;
  const std::unique_ptr<char, decltype(&curl_free)> owned(text, curl_free);
  return std::string(text);
}

// Why this must not be sent, empty where it may.
std::string refusal(const MailRequest& request) {
  const std::string scheme = url_part(request.server, CURLUPART_SCHEME).value_or("");
  if (scheme != "smtp" && scheme != "smtps") {
    return fmt::format("`{}` is not the address of a mail server, such as `smtp://mail.example.com:587`",
                       printable(request.server.substr(0, request.server.find('@')), 80));
  }
  if (url_part(request.server, CURLUPART_USER) || url_part(request.server, CURLUPART_PASSWORD))
    return "the address of the mail server holds a user or a password; give them with `user:` and `password:`";
  return {};
}

// One mail on its way. Only the two flags are looked at from two threads.
struct Mailing {
  explicit Mailing(MailRequest what) : request(std::move(what)) {}

  MailRequest request;
  std::atomic<bool> cancelled = false, over = false;
  std::size_t read = 0;      // bytes of the message that libcurl has taken
  bool read_to_end = false;  // from then on the server may have taken the mail over
  char error[CURL_ERROR_SIZE] = {};
};

std::size_t on_read(char* data, std::size_t size, std::size_t count, void* self) {
  auto& mailing = *static_cast<Mailing*>(self);
  const std::size_t length = std::min(size * count, mailing.request.message.size() - mailing.read);
  std::copy_n(mailing.request.message.data() + mailing.read, length, data);
  mailing.read += length;
  mailing.read_to_end = mailing.read == mailing.request.message.size();
  return length;
}

int on_progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<const Mailing*>(self)->cancelled ? 1 : 0;
}

// `answer`: the last one that the server gave, 0 where it gave none.
MailResult result_of(const Mailing& mailing, CURLcode code, long answer) {
  const std::string server = printable(mailing.request.server, 80);
  if (code == CURLE_OK) return {MailEnd::Sent, {}};
  if (code == CURLE_ABORTED_BY_CALLBACK) return {MailEnd::Cancelled, "cancelled"};
  if (code == CURLE_OPERATION_TIMEDOUT) {
    return {MailEnd::TimedOut, fmt::format("the mail server `{}` did not take the mail within {}", server,
                                           plan::duration_text(mailing.request.timeout))};
  }
  std::string words = printable(mailing.error[0] == '\0' ? curl_easy_strerror(code) : mailing.error);
  if (code == CURLE_USE_SSL_FAILED) words = "it offers no encryption, without which no password is sent";
  if (code == CURLE_LOGIN_DENIED) words = "it does not accept the user and the password: " + words;
  // From 400 on the server says no, whatever it was told before.
  const bool refused = answer >= 400;
  if (refused && words.find(fmt::format("{}", answer)) == std::string::npos) words += fmt::format(" ({})", answer);
  return {mailing.read_to_end && !refused ? MailEnd::Failed : MailEnd::NotSent,
          fmt::format("the mail server `{}` did not take the mail: {}", server, words)};
}

struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

void prepare(CURL* easy, Mailing& mailing, curl_slist* recipients) {
  const MailRequest& request = mailing.request;
  const long milliseconds = static_cast<long>(std::max<Nanoseconds>(request.timeout / 1'000'000, 1));
  curl_easy_setopt(easy, CURLOPT_URL, request.server.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, mailing.error);
  trust_certificates(easy);
  curl_easy_setopt(easy, CURLOPT_USE_SSL, static_cast<long>(request.must_encrypt ? CURLUSESSL_ALL : CURLUSESSL_TRY));
  if (!request.user.empty()) {
    curl_easy_setopt(easy, CURLOPT_USERNAME, request.user.c_str());
    curl_easy_setopt(easy, CURLOPT_PASSWORD, request.password.c_str());
  }
  curl_easy_setopt(easy, CURLOPT_MAIL_FROM, request.from.c_str());
  curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, recipients);
  curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read);
  curl_easy_setopt(easy, CURLOPT_READDATA, &mailing);
  curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
  curl_easy_setopt(easy, CURLOPT_XFERINFODATA, &mailing);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, milliseconds);
}

// Waits for the server.
void send(Mailing& mailing, const std::function<void(MailResult)>& told) {
  curl_slist* list = nullptr;
  for (const std::string& recipient : mailing.request.to) list = curl_slist_append(list, recipient.c_str());
  const std::unique_ptr<curl_slist, FreeList> recipients(list);
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> easy(curl_easy_init(), curl_easy_cleanup);
  prepare(easy.get(), mailing, list);
  const CURLcode code = curl_easy_perform(easy.get());
  long answer = 0;
  curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &answer);
  told(result_of(mailing, code, answer));
  // libcurl says goodbye and would wait for the answer, which nobody needs.
  curl_socket_t socket = CURL_SOCKET_BAD;
  curl_easy_getinfo(easy.get(), CURLINFO_ACTIVESOCKET, &socket);
  if (socket != CURL_SOCKET_BAD) ::shutdown(socket, SHUT_RD);
}

}  // namespace

bool is_loopback(const std::string& server) {
  const std::string host = url_part(server, CURLUPART_HOST).value_or("");
  const bool in_127 = host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string::npos;
  return host == "localhost" || host == "[::1]" || in_127;
}

struct CurlMailSender::Impl {
  explicit Impl(boost::asio::io_context& loop) : io(loop) {}

  struct Job {
    std::shared_ptr<Mailing> mailing;
    Done done;
    std::thread thread;
  };

  // Joins what has left.
  void tidy() {
    std::erase_if(leaving, [](Job& job) {
      if (!job.mailing->over) return false;
      job.thread.join();
      return true;
    });
  }

  // From the loop.
  void finish(Id id, MailResult result) {
    const auto found = jobs.find(id);
    if (found == jobs.end()) return;
    Job job = std::move(found->second);
    jobs.erase(found);
    // What is left of it is its goodbye to the server.
    if (job.thread.joinable()) leaving.push_back({std::move(job.mailing), {}, std::move(job.thread)});
    job.done(std::move(result));
  }

  boost::asio::io_context& io;
  std::map<Id, Job> jobs;
  std::vector<Job> leaving;
  // Handlers that are still queued when the sender is gone find nothing here.
  std::shared_ptr<Impl*> self = std::make_shared<Impl*>(this);
  Id last_id = 0;
};

CurlMailSender::CurlMailSender(boost::asio::io_context& io) : impl_(std::make_unique<Impl>(io)) {}

CurlMailSender::~CurlMailSender() {
  *impl_->self = nullptr;
  for (auto& [id, job] : impl_->jobs) impl_->leaving.push_back(std::move(job));
  for (Impl::Job& job : impl_->leaving) job.mailing->cancelled = true;
  for (Impl::Job& job : impl_->leaving) {
    if (job.thread.joinable()) job.thread.join();
  }
}

CurlMailSender::Id CurlMailSender::start(MailRequest request, Done done) {
  impl_->tidy();
  const Id id = ++impl_->last_id;
  std::string refused = refusal(request);
  Impl::Job& job = impl_->jobs[id];
  job.mailing = std::make_shared<Mailing>(std::move(request));
  job.done = std::move(done);
  const auto tell = [&io = impl_->io, self = impl_->self, id](MailResult result) {
    boost::asio::post(io, [self, id, result = std::move(result)] {
      if (*self != nullptr) (*self)->finish(id, result);
    });
  };
  if (!refused.empty()) {
    tell({MailEnd::NotSent, std::move(refused)});
    return id;
  }
  // The loop has work for as long as a mail is on its way.
  job.thread = std::thread([mailing = job.mailing, tell, busy = boost::asio::make_work_guard(impl_->io)]() mutable {
    send(*mailing, [&](MailResult result) {
      tell(std::move(result));
      busy.reset();
    });
    mailing->over = true;
  });
  return id;
}

void CurlMailSender::cancel(Id id) {
  if (const auto job = impl_->jobs.find(id); job != impl_->jobs.end()) job->second.mailing->cancelled = true;
}

}  // namespace rollout::executors
