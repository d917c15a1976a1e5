#include "runtime/plugins/kit_probes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/serialize.hpp>

#include "runtime/executors/text.hpp"
#include "runtime/plugins/confinement.hpp"
#include "runtime/plugins/kit_session.hpp"
#include "runtime/plugins/schema/strict_json.hpp"

// Probes of the protocol: greeting, frames, requests, the end. Those of operations and metrics are in kit_calls.cpp.

namespace rollout::plugins::probes {

namespace json = boost::json;

namespace {

constexpr int kEndWithin = 2000;

json::object request_of(const json::value& id, std::string_view method, json::object parameters = {}) {
  return {{"jsonrpc", "2.0"}, {"id", id}, {"method", method}, {"params", std::move(parameters)}};
}

std::string said(Session& session) {
  session->ended_within(100);
  return session->silence();
}

}  // namespace

Observed starts(Subject& subject) {
  Session session(subject);
  if (!session.is_there()) return broken(session.failure());
  return session->ended_within(200) ? broken("ended before it was asked anything: " + session->silence()) : kept();
}

Observed hello(Subject& subject) {
  Session session(subject);
  if (!session.is_there()) return broken(session.failure());
  const auto answer = session->hello({1});
  if (!answer) return broken("was asked for `hello` and " + said(session));
  const auto* result = object_member(*answer, "result");
  if (result == nullptr) return broken("answered with " + words_of(*answer));
  const auto* protocol = object_member(*result, "protocol");
  const auto* plugin = object_member(*result, "plugin");
  const json::value* major = protocol == nullptr ? nullptr : protocol->if_contains("major");
  if (major == nullptr || !major->is_int64()) return broken("its answer has no `protocol.major`");
  if (plugin == nullptr || text_member(*plugin, "name").empty() || text_member(*plugin, "version").empty()) {
    return broken("its answer has no `plugin` with `name` and `version`");
  }
  subject.name = text_member(*plugin, "name");
  subject.talks = true;
  return kept();
}

Observed cookie(Subject& subject) {
  Session session(subject);
  if (!session.is_there()) return broken(session.failure());
  const auto answer = session->hello({1});
  const auto* result = answer ? object_member(*answer, "result") : nullptr;
  const std::string given = result == nullptr ? std::string() : text_member(*result, "cookie");
  if (given == session->cookie()) return kept();
  return broken(given.empty() ? "gave no cookie back" : "gave another cookie back");
}

Observed two_majors(Subject& subject) {
  Session session(subject);
  if (!session.is_there()) return broken(session.failure());
  const auto answer = session->hello({1, 99});
  const auto* result = answer ? object_member(*answer, "result") : nullptr;
  const auto* protocol = result == nullptr ? nullptr : object_member(*result, "protocol");
  const json::value* major = protocol == nullptr ? nullptr : protocol->if_contains("major");
  if (major == nullptr)
    return broken("was offered 1 and 99, and " + (answer ? "gave " + words_of(*answer) : said(session)));
  if (*major == 1) return kept();
  return broken(fmt::format("was offered 1 and 99, and chose {}", json::serialize(*major)));
}

Observed no_common_major(Subject& subject) {
  Session session(subject);
  if (!session.is_there()) return broken(session.failure());
  const auto answer = session->hello({99});
  if (error_of(answer) != nullptr) return kept();
  if (!answer) return broken("was offered only 99, and " + said(session));
  return broken("was offered only 99, and answered with " + words_of(*answer));
}

Observed unknown_fields(Subject& subject) {
  Session session(subject);
  if (!session.is_there()) return broken(session.failure());
  const auto answer = session->hello({1}, {{"later", json::array{1, json::object{{"deep", nullptr}}}}});
  if (answer && error_of(answer) == nullptr) return kept();
  return broken("was greeted with a field `later` more, and " +
                (answer ? "answered with " + words_of(*answer) : said(session)));
}

Observed schema(Subject& subject) {
  Session session(subject);
  if (auto wrong = session.greet()) return *wrong;
  const auto answer = session->call("describe", {});
  if (!answer) return broken("was asked to `describe` itself and " + said(session));
  const json::value* result = answer->if_contains("result");
  if (result == nullptr) return broken("answered with " + words_of(*answer));
  auto read = read_schema(*result);
  if (!read) return broken(read.error());
  subject.described = *result;
  subject.schema = std::move(*read);
  return kept();
}

Observed access(Subject& subject) {
  if (!subject.schema) return skipped("it has no schema");
  if (!subject.schema->access) return skipped("its schema has no `access`, so it has all rights of who starts it");
  if (!confines().files()) return skipped("this kernel has no Landlock");
  subject.access = subject.schema->access;
  const std::optional<Observed> wrong = [&] {
    Session session(subject);
    auto greeting = session.greet();
    return !greeting && !session.is_alive() ? broken("answered `hello`, and then did not `describe` itself") : greeting;
  }();
  if (!wrong) return kept();
  // What else it breaks, it breaks for other reasons.
  subject.access.reset();
  return *wrong;
}

Observed schema_name(Subject& subject) {
  if (!subject.schema) return skipped("it has no schema");
  if (subject.schema->name == subject.name) return kept();
  return broken(fmt::format("is `{}` in `hello` and `{}` in the schema", executors::printable(subject.name, 60),
                            subject.schema->name));
}

Observed schema_stable(Subject& subject) {
  if (!subject.schema) return skipped("it has no schema");
  Session session(subject);
  if (auto wrong = session.greet()) return *wrong;
  for (int time = 0; time < 2; ++time) {
    const auto answer = session->call("describe", {});
    const json::value* result = answer ? answer->if_contains("result") : nullptr;
    if (result == nullptr) return broken("was asked to `describe` itself again and " + said(session));
    if (schema_digest(*result) != schema_digest(subject.described)) return broken("described itself in two ways");
  }
  return kept();
}

Observed id(Subject& subject) {
  Session session(subject);
  if (auto wrong = session.greet()) return *wrong;
  const json::value ids[] = {"text-1", 9007199254740992, 0};
  for (const json::value& wanted : ids) session->send(frame(request_of(wanted, "describe")));
  session->call("describe", {});
  for (const json::value& wanted : ids) {
    const auto has_it = [&](const json::object& message) {
      const json::value* found = message.if_contains("id");
      return found != nullptr && *found == wanted;
    };
    if (std::ranges::none_of(session->messages(), has_it))
      return broken(fmt::format("did not answer the request whose id is {}", json::serialize(wanted)));
  }
  return kept();
}

Observed unknown_method(Subject& subject) {
  Session session(subject);
  if (auto wrong = session.greet()) return *wrong;
  const auto answer = session->call("no.such.method", {}, 2000);
  if (!answer) return broken("was asked for `no.such.method` and " + said(session));
  if (error_of(answer) == nullptr) return broken("answered `no.such.method` with " + words_of(*answer));
  return session.is_alive() ? kept() : broken("answered nothing after that");
}

Observed notification(Subject& subject) {
  Session session(subject);
  if (auto wrong = session.greet()) return *wrong;
  const auto before = session->messages().size();
  session->send(frame(json::object{{"jsonrpc", "2.0"}, {"method", "describe"}, {"params", json::object{}}}));
  if (!session.is_alive()) return broken("was sent a message without an id, and then " + said(session));
  session->listen(100);
  return session->messages().size() == before + 1 ? kept() : broken("answered a message that has no id");
}

Observed bad_json(Subject& subject) {
  Session session(subject);
  if (auto wrong = session.greet()) return *wrong;
  session->send(raw_frame("{\"jsonrpc\": \"2.0\", "));
  if (session->ended_within(1000)) return kept();
  const auto is_error = [](const json::object& message) { return object_member(message, "error") != nullptr; };
  if (std::ranges::none_of(session->messages(), is_error)) return broken("went on as if nothing had come");
  return session.is_alive() ? kept() : broken("answered with an error, and nothing after that");
}

Observed bad_header(Subject& subject) {
  Session session(subject);
  if (auto wrong = session.greet()) return *wrong;
  session->send("Content-Length: many\r\n\r\n{}");
  if (session->ended_within(kEndWithin)) return kept();
  return broken("still ran 2 s after a head without a length");
}

Observed oversized_frame(Subject& subject) {
  Session session(subject);
  if (auto wrong = session.greet()) return *wrong;
  session->send(fmt::format("Content-Length: {}\r\n\r\n", kMostFrameBytes + 1));
  if (session->ended_within(kEndWithin)) return kept();
  return broken("waited for a frame of 1 MiB and a byte");
}

Observed split_frame(Subject& subject) {
  Session session(subject);
  if (auto wrong = session.greet()) return *wrong;
  constexpr std::size_t kPart = 24;
  std::size_t sent = 0;
  for (const char byte : frame(request_of("slow", "describe"))) {
    session->send(std::string_view(&byte, 1));
    // Now and then so slowly that the plugin has read what there was.
    if (++sent % kPart == 1) session->listen(50);
  }
  session->listen(300);
  const auto is_it = [](const json::object& message) { return text_member(message, "id") == "slow"; };
  return std::ranges::any_of(session->messages(), is_it) ? kept()
                                                         : broken("did not answer a request that came in parts");
}

Observed joined_frames(Subject& subject) {
  Session session(subject);
  if (auto wrong = session.greet()) return *wrong;
  session->send(frame(request_of("one", "describe")) + frame(request_of("two", "describe")));
  session->listen(300);
  for (const char* wanted : {"one", "two"}) {
    const auto is_it = [&](const json::object& message) { return text_member(message, "id") == wanted; };
    if (std::ranges::none_of(session->messages(), is_it))
      return broken(fmt::format("did not answer request {} of two that came at once", wanted));
  }
  return kept();
}

Observed large_frame(Subject& subject) {
  Session session(subject);
  if (auto wrong = session.greet()) return *wrong;
  const auto answer = session->call("describe", {{"later", std::string(1 << 19, 'x')}});
  return answer && error_of(answer) == nullptr ? kept() : broken("was sent half a megabyte and " + said(session));
}

Observed unicode(Subject& subject) {
  Session session(subject);
  if (auto wrong = session.greet()) return *wrong;
  const std::string text = "gr\xC3\xBC\xC3\x9F \xE2\x86\x92 \xF0\x9F\x9A\x80";
  session->send(frame(request_of(json::string(text), "describe", {{"later", text}})));
  session->call("describe", {});
  const auto is_it = [&](const json::object& message) { return text_member(message, "id") == text; };
  if (std::ranges::any_of(session->messages(), is_it)) return kept();
  return broken(session->problem().empty() ? "gave the id `" + text + "` back as another"
                                           : "was sent `" + text + "` and " + said(session));
}

Observed many_requests(Subject& subject) {
  Session session(subject);
  if (auto wrong = session.greet()) return *wrong;
  constexpr std::int64_t kRequests = 50;
  std::vector<std::int64_t> ids;
  ids.reserve(kRequests);
  for (std::int64_t index = 0; index < kRequests; ++index) ids.push_back(session->request("describe", {}));
  for (const std::int64_t one : ids) {
    if (!session->answer(one)) return broken(fmt::format("left request {} of {} without an answer", one, kRequests));
  }
  session->listen(100);
  for (const std::int64_t one : ids) {
    const auto is_it = [&](const json::object& message) {
      const json::value* found = message.if_contains("id");
      return found != nullptr && *found == one;
    };
    if (std::ranges::count_if(session->messages(), is_it) != 1) return broken("answered one request twice");
  }
  return kept();
}

Observed clean_stdout(Subject& subject) {
  if (subject.printed.empty()) return kept();
  return broken(fmt::format("printed `{}`", executors::printable(subject.printed, 80)));
}

Observed health(Subject& subject) {
  Session session(subject);
  if (auto wrong = session.greet()) return *wrong;
  const auto answer = session->call("health", {}, 1000);
  if (!answer) return broken("was asked for its health and " + said(session));
  const auto* result = object_member(*answer, "result");
  const std::string state = result == nullptr ? std::string() : text_member(*result, "state");
  if (state == "healthy" || state == "unhealthy" || state == "undetected") return kept();
  return broken("answered with " + words_of(*answer));
}

Observed shutdown(Subject& subject) {
  Session session(subject);
  if (auto wrong = session.greet()) return *wrong;
  const auto answer = session->call("shutdown", {{"deadline_ms", kEndWithin}}, kEndWithin);
  if (!answer || error_of(answer) != nullptr) {
    return broken("was asked to shut down and " + (answer ? "answered with " + words_of(*answer) : said(session)));
  }
  session->close_input();
  return session->ended_within(kEndWithin) ? kept() : broken("answered, and still ran 2 s later");
}

Observed end_of_input(Subject& subject) {
  Session session(subject);
  if (auto wrong = session.greet()) return *wrong;
  session->close_input();
  return session->ended_within(kEndWithin) ? kept() : broken("still ran 2 s after its descriptor 3 was closed");
}

}  // namespace rollout::plugins::probes
