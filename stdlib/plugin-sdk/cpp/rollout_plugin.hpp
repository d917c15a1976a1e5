// What a plugin of Rollout needs, in one header: C++20 and Boost.JSON. See docs/plugins.md.
//
//   rollout_plugin::Plugin plugin("chat", "1.0.0", "Posts to the team's chat.");
//   plugin.channel({{"name", "room"}, {"params", {...}}}, [](const Call& call) -> json::value { ... });
//   return plugin.run();
//
// Calls run one after another in threads of their own, so that the plugin answers while one runs.
#pragma once

#include <unistd.h>

#include <atomic>
#include <boost/json.hpp>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace rollout_plugin {

namespace json = boost::json;

// An operation did not do what it was asked. Classes: invalid (nothing was begun), retryable, fatal, auth, in_doubt,
// cancelled.
struct Failure : std::runtime_error {
  explicit Failure(const std::string& message, std::string of_class = "fatal")
      : std::runtime_error(message), kind(std::move(of_class)) {}
  std::string kind;
};

// One call: its key, its arguments, its secrets, and whether it was cancelled meanwhile.
struct Call {
  std::string key, run_id;
  json::object arguments, secrets;
  std::atomic<bool> cancelled = false;
  std::function<void(json::object event)> tell;
  // A line of the runtime's log.
  void log(const std::string& message) const { tell({{"kind", "log"}, {"message", message}}); }
  // Says that the work goes on: for an operation with `heartbeat_s`, from the work itself.
  void heartbeat() const { tell({{"kind", "heartbeat"}}); }
  std::string text(std::string_view name) const { return json::value_to<std::string>(arguments.at(name)); }
  double number(std::string_view name) const { return arguments.at(name).to_number<double>(); }
};

// What is wrong with an argument; `parameter` may be empty.
struct Problem {
  std::string parameter, summary;
};

// What is asked about a call before a run. The arguments lack what only the run knows. Neither may change anything.
struct Ahead {
  std::function<std::vector<Problem>(const json::object& arguments)> validate = nullptr;
  std::function<std::string(const json::object& arguments)> plan = nullptr;  // what the call would do
};

class Plugin {
 public:
  using Handler = std::function<json::value(const Call&)>;
  // The metric's number, or null for no data.
  using Measure = std::function<json::value(const json::object& arguments)>;
  // The same for each slot gone by: from, from + step, ... to. Instants are RFC 3339, the step is in seconds.
  using Past = std::function<json::array(const std::string& from, const std::string& to, double step,
                                         const json::object& arguments)>;

  Plugin(std::string name, std::string version, std::string doc = {})
      : schema_{{"plugin", {{"name", name}, {"version", version}, {"doc", doc}}},
                {"enums", json::array()},
                {"operations", json::array()},
                {"checks", json::array()},
                {"metrics", json::array()},
                {"channels", json::array()}} {}

  // All that it may touch beside what every program needs, such as {{"read", {"~/.kube"}}, {"connect", {443}}}; not said, it
  // has all rights of who starts it.
  void access(json::object access) { schema_["access"] = std::move(access); }

  // `described` as in the schema: name, effect, params, ...
  void operation(json::object described, Handler handler, Ahead ahead = {}) {
    if (ahead.validate) offer("validate");
    if (ahead.plan) offer("plan");
    declare("operations", std::move(described), {}, handler, std::move(ahead));
  }
  // The handler gives {"passed": bool, "reason": text}.
  void check(json::object described, Handler handler) { declare("checks", std::move(described), {}, handler); }
  void channel(json::object described, Handler handler) {
    declare("channels", std::move(described), {"text", "severity", "run_id"}, handler);
  }
  void metric(json::object described, Measure measure, Past past = nullptr) {
    described["past"] = static_cast<bool>(past);
    metrics_[json::value_to<std::string>(described.at("name"))] = {std::move(measure), std::move(past)};
    schema_["metrics"].as_array().push_back(std::move(described));
  }

  // Answers until the host goes; the exit status for main.
  int run() {
    const char* cookie = std::getenv("ROLLOUT_PLUGIN_COOKIE");
    if (cookie == nullptr) {
      std::cerr << "This is a plugin of rollout: lock it with `rollout plugin lock NAME PATH`.\n";
      return 2;
    }
    cookie_ = cookie;
    std::string body;
    while (read(body)) {
      boost::system::error_code error;
      const json::value message = json::parse(body, error);
      if (error || !message.is_object()) {
        fail(nullptr, -32700, "this is no JSON object", "");
      } else if (!take(message.get_object())) {
        break;
      }
    }
    // Threads of calls may still run: nobody waits for them any more.
    std::_Exit(0);
  }

 private:
  struct Operation {
    std::vector<std::string> parameters;
    Handler handler;
    Ahead ahead;
  };
  struct Metric {
    Measure measure;
    Past past;
  };
  struct Known {
    Call call;
    json::value asked;
    json::object reply;  // the answer's part, once it is over
    bool over = false;
    std::vector<json::value> waiting;
  };

  void offer(const char* feature) {
    json::value& features = schema_["features"];
    if (!features.is_array()) features = json::array();
    for (const json::value& one : features.get_array()) {
      if (one == feature) return;
    }
    features.get_array().emplace_back(feature);
  }

  void declare(const char* table, json::object described, std::vector<std::string> more, Handler handler,
               Ahead ahead = {}) {
    Operation operation{std::move(more), std::move(handler), std::move(ahead)};
    if (const json::value* parameters = described.if_contains("params")) {
      for (const json::value& one : parameters->as_array())
        operation.parameters.push_back(json::value_to<std::string>(one.at("name")));
    }
    operations_[json::value_to<std::string>(described.at("name"))] = std::move(operation);
    schema_[table].as_array().push_back(std::move(described));
  }

  bool more() {
    char buffer[65536];
    const ssize_t count = ::read(3, buffer, sizeof buffer);
    if (count > 0) pending_.append(buffer, static_cast<std::size_t>(count));
    return count > 0;
  }

  // The next frame's body; false at the end, or where what comes is no frame.
  bool read(std::string& body) {
    while (pending_.find("\r\n\r\n") == std::string::npos) {
      if (!more()) return false;
    }
    const auto end = pending_.find("\r\n\r\n");
    const std::string head = pending_.substr(0, end);
    constexpr std::string_view kName = "Content-Length: ";
    const std::string digits = head.starts_with(kName) ? head.substr(kName.size()) : std::string("x");
    if (digits.empty() || digits.size() > 7 || digits.find_first_not_of("0123456789") != std::string::npos) return false;
    const std::size_t length = std::stoul(digits);
    if (length > (1 << 20)) return false;
    while (pending_.size() < end + 4 + length) {
      if (!more()) return false;
    }
    body = pending_.substr(end + 4, length);
    pending_.erase(0, end + 4 + length);
    return true;
  }

  void send(json::object message) {
    message["jsonrpc"] = "2.0";
    const std::string body = json::serialize(message);
    const std::string whole = "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    const std::lock_guard lock(writing_);
    for (std::size_t at = 0; at < whole.size();) {
      const ssize_t count = ::write(4, whole.data() + at, whole.size() - at);
      if (count <= 0) std::_Exit(0);
      at += static_cast<std::size_t>(count);
    }
  }

  void give(const json::value& id, json::value result) { send({{"id", id}, {"result", std::move(result)}}); }
  void fail(const json::value& id, int code, const std::string& message, const std::string& kind) {
    json::object error{{"code", code}, {"message", message}};
    if (!kind.empty()) error["data"] = json::object{{"class", kind}};
    send({{"id", id}, {"error", std::move(error)}});
  }

  // False: the host wants the plugin to end.
  bool take(const json::object& message) {
    const json::value* id = message.if_contains("id");
    const json::value* name = message.if_contains("method");
    if (id == nullptr || name == nullptr || !name->is_string()) return true;
    const json::value* given = message.if_contains("params");
    const json::object parameters = given != nullptr && given->is_object() ? given->get_object() : json::object();
    const std::string method(name->get_string());
    if (method == "shutdown") {
      give(*id, json::object());
      return false;
    }
    if (method == "hello") {
      hello(*id, parameters);
    } else if (method == "describe") {
      give(*id, schema_);
    } else if (method == "health") {
      give(*id, json::object{{"state", "healthy"}, {"why", ""}});
    } else if (method == "op.start") {
      start(*id, parameters);
    } else if (method == "op.attach") {
      attach(*id, key_of(parameters));
    } else if (method == "op.status") {
      status(*id, key_of(parameters));
    } else if (method == "op.cancel") {
      const std::lock_guard lock(state_);
      if (const auto found = known_.find(key_of(parameters)); found != known_.end()) found->second->call.cancelled = true;
      give(*id, json::object());
    } else if (method == "validate") {
      validate(*id, parameters);
    } else if (method == "plan") {
      plan(*id, parameters);
    } else if (method == "metrics.query") {
      query(*id, parameters);
    } else {
      fail(*id, -32601, "there is no method " + method, "");
    }
    return true;
  }

  static std::string key_of(const json::object& parameters) { return text_in(parameters, "op_key"); }
  static std::string text_in(const json::object& parameters, std::string_view name) {
    const json::value* found = parameters.if_contains(name);
    return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string();
  }
  static json::object object_in(const json::object& parameters, std::string_view name) {
    const json::value* found = parameters.if_contains(name);
    return found != nullptr && found->is_object() ? found->get_object() : json::object();
  }

  void hello(const json::value& id, const json::object& parameters) {
    const json::object protocol = object_in(parameters, "protocol");
    const json::value* majors = protocol.if_contains("majors");
    bool common = false;
    if (majors != nullptr && majors->is_array()) {
      for (const json::value& major : majors->get_array()) common = common || major == 1;
    }
    if (!common) return fail(id, 1, "this plugin speaks protocol 1", "invalid");
    give(id, json::object{{"protocol", {{"major", 1}, {"minor", 0}}},
                          {"plugin", schema_["plugin"]},
                          {"cookie", cookie_},
                          {"features", json::array{"health"}}});
  }

  void start(const json::value& id, const json::object& parameters) {
    const auto found = operations_.find(text_in(parameters, "operation"));
    if (found == operations_.end()) return fail(id, -32602, "there is no such operation", "invalid");
    const json::object arguments = object_in(parameters, "args"), secrets = object_in(parameters, "secrets");
    for (const std::string& name : found->second.parameters) {
      if (!arguments.contains(name) && !secrets.contains(name)) return fail(id, -32602, name + " is missing", "invalid");
    }
    const json::value asked = json::array{found->first, arguments};
    const std::lock_guard lock(state_);
    std::shared_ptr<Known>& known = known_[key_of(parameters)];
    if (known && known->asked != asked) return fail(id, -32602, "this key was used for another call", "invalid");
    if (known && known->over) return tell(id, *known);
    if (known) return known->waiting.push_back(id);
    known = std::make_shared<Known>();
    known->asked = asked;
    known->call.key = key_of(parameters);
    known->call.run_id = text_in(parameters, "run_id");
    known->call.arguments = arguments;
    known->call.secrets = secrets;
    known->call.tell = [this, key = key_of(parameters)](json::object event) {
      event["op_key"] = key;
      send({{"method", "op.event"}, {"params", std::move(event)}});
    };
    known->waiting.push_back(id);
    std::thread([this, known, handler = found->second.handler] { carry_out(*known, handler); }).detach();
  }

  void carry_out(Known& known, const Handler& handler) {
    json::object reply;
    try {
      reply["result"] = json::object{{"state", "done"}, {"result", handler(known.call)}};
    } catch (const Failure& failure) {
      reply["error"] = json::object{{"code", 1}, {"message", failure.what()}, {"data", {{"class", failure.kind}}}};
    } catch (const std::exception& failure) {
      // A fault of the plugin: nobody knows how far it came.
      reply["error"] = json::object{{"code", 1}, {"message", failure.what()}, {"data", {{"class", "in_doubt"}}}};
    }
    const std::lock_guard lock(state_);
    known.reply = std::move(reply);
    known.over = true;
    for (const json::value& id : known.waiting) tell(id, known);
    known.waiting.clear();
  }

  void tell(const json::value& id, const Known& known) {
    json::object message = known.reply;
    message["id"] = id;
    send(std::move(message));
  }

  void attach(const json::value& id, const std::string& key) {
    const std::lock_guard lock(state_);
    const auto found = known_.find(key);
    if (found == known_.end()) return fail(id, -32602, "there is no call of this key", "invalid");
    if (found->second->over) return tell(id, *found->second);
    found->second->waiting.push_back(id);
  }

  void status(const json::value& id, const std::string& key) {
    const std::lock_guard lock(state_);
    const auto found = known_.find(key);
    if (found == known_.end()) return give(id, json::object{{"state", "unknown"}});
    const Known& known = *found->second;
    if (!known.over) return give(id, json::object{{"state", "running"}});
    if (const json::value* error = known.reply.if_contains("error"))
      return give(id, json::object{{"state", "failed"}, {"error", *error}});
    give(id, json::object{{"state", "succeeded"}, {"result", known.reply.at("result").at("result")}});
  }

  static json::object problem(const Problem& of) {
    json::object said{{"severity", "error"}, {"summary", of.summary}};
    if (!of.parameter.empty()) said["path"] = json::array{of.parameter};
    return said;
  }

  void validate(const json::value& id, const json::object& parameters) {
    const auto found = operations_.find(text_in(parameters, "operation"));
    const bool measures = metrics_.contains(text_in(parameters, "metric"));
    const json::object arguments = object_in(parameters, "args");
    const json::value* unknown = parameters.if_contains("unknown");
    const auto is_unknown = [&](const std::string& name) {
      if (unknown == nullptr || !unknown->is_array()) return false;
      for (const json::value& one : unknown->get_array()) {
        if (one.is_string() && std::string_view(one.get_string()) == name) return true;
      }
      return false;
    };
    json::array diagnostics;
    if (found == operations_.end() && !measures) diagnostics.push_back(problem({"", "there is no such operation"}));
    if (found != operations_.end()) {
      for (const std::string& name : found->second.parameters) {
        if (!arguments.contains(name) && !is_unknown(name)) diagnostics.push_back(problem({name, "it is missing"}));
      }
    }
    try {
      if (found != operations_.end() && found->second.ahead.validate && diagnostics.empty()) {
        for (const Problem& one : found->second.ahead.validate(arguments)) diagnostics.push_back(problem(one));
      }
      give(id, json::object{{"diagnostics", std::move(diagnostics)}});
    } catch (const std::exception& failure) {
      fail(id, 1, failure.what(), "fatal");
    }
  }

  void plan(const json::value& id, const json::object& parameters) {
    const auto found = operations_.find(text_in(parameters, "operation"));
    try {
      json::value text = nullptr;
      if (found != operations_.end() && found->second.ahead.plan)
        text = json::value(found->second.ahead.plan(object_in(parameters, "args")));
      give(id, json::object{{"text", std::move(text)}});
    } catch (const std::exception& failure) {
      fail(id, 1, failure.what(), "fatal");
    }
  }

  void query(const json::value& id, const json::object& parameters) {
    const auto found = metrics_.find(text_in(parameters, "metric"));
    if (found == metrics_.end()) return fail(id, -32602, "there is no such metric", "invalid");
    const json::object arguments = object_in(parameters, "args");
    try {
      if (!parameters.contains("from")) return give(id, json::object{{"value", found->second.measure(arguments)}});
      if (!found->second.past) return fail(id, -32602, "this metric has no past", "invalid");
      give(id, json::object{{"values", found->second.past(text_in(parameters, "from"), text_in(parameters, "to"),
                                                          parameters.at("step").to_number<double>(), arguments)}});
    } catch (const std::exception& failure) {
      fail(id, 1, failure.what(), "retryable");
    }
  }

  json::object schema_;
  std::string cookie_, pending_;
  std::map<std::string, Operation> operations_;
  std::map<std::string, Metric> metrics_;
  std::mutex writing_, state_;
  std::map<std::string, std::shared_ptr<Known>> known_;
};

}  // namespace rollout_plugin
