#include <fmt/format.h>

#include <boost/json/basic_parser_impl.hpp>
#include <charconv>
#include <cmath>
#include <string>
#include <vector>

#include "runtime/plan/value.hpp"

namespace rollout::plan {

namespace {

// How many bytes the UTF-8 sequence at the front of the text has; 0 where it is not well-formed (overlong and
// surrogates included).
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t index) { return static_cast<unsigned char>(text[index]); };
  const unsigned char lead = byte(0);
  const std::size_t length = lead < 0x80   ? 1
                             : lead < 0xc2 ? 0
                             : lead < 0xe0 ? 2
                             : lead < 0xf0 ? 3
                             : lead < 0xf5 ? 4
                                           : 0;
  if (length > text.size()) return 0;
  for (std::size_t index = 1; index < length; ++index) {
    if ((byte(index) & 0xc0) != 0x80) return 0;
  }
  if ((lead == 0xe0 && byte(1) < 0xa0) || (lead == 0xed && byte(1) > 0x9f)) return 0;
  if ((lead == 0xf0 && byte(1) < 0x90) || (lead == 0xf4 && byte(1) > 0x8f)) return 0;
  return length;
}

// Whatever bytes a command printed: the result is always valid JSON, a broken byte becomes U+FFFD.
void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const auto byte = static_cast<unsigned char>(text.front());
    const std::size_t length = utf8_length(text);
    if (length == 0) {
      out += "\xEF\xBF\xBD";
    } else if (byte == '"' || byte == '\\') {
      out += '\\';
      out += static_cast<char>(byte);
    } else if (byte == '\n') {
      out += "\\n";
    } else if (byte == '\t') {
      out += "\\t";
    } else if (byte == '\r') {
      out += "\\r";
    } else if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(byte));
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  out += '"';
}

void append_json_number(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "\"NaN\"";
  } else if (std::isinf(value)) {
    out += value < 0 ? "\"-Inf\"" : "\"+Inf\"";
  } else {
    char buffer[32];
    out.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr);
  }
}

// Depth is bounded by kMaxValueDepth.
void append_json(std::string& out, const Value& value) {
  switch (value.kind()) {
    case ValueKind::Missing:
    case ValueKind::Any: out += "null"; return;
    case ValueKind::Bool: out += value.as_bool() ? "true" : "false"; return;
    case ValueKind::Number: append_json_number(out, value.as_double()); return;
    case ValueKind::Ratio:
    case ValueKind::Duration:
    case ValueKind::Size:
    case ValueKind::NumberRate:
    case ValueKind::RatioRate:
    case ValueKind::SizeRate:
    case ValueKind::TimeOfDay:
    case ValueKind::Instant:
    case ValueKind::Secret: append_json_string(out, to_literal(value)); return;
    case ValueKind::String:
    case ValueKind::Enum: append_json_string(out, value.as_string()); return;
    case ValueKind::List: {
      out += '[';
      bool first = true;
      for (const Value& element : value.as_list()) {
        if (!std::exchange(first, false)) out += ',';
        append_json(out, element);
      }
      out += ']';
      return;
    }
    case ValueKind::Map: {
      out += '{';
      bool first = true;
      for (const auto& [key, element] : value.as_map()) {
        if (!std::exchange(first, false)) out += ',';
        append_json_string(out, key);
        out += ':';
        append_json(out, element);
      }
      out += '}';
      return;
    }
  }
}

// Builds a value from the parser's events. Numbers are read again from their text: the parser's own are not always the
// nearest.
struct ValueHandler {
  static constexpr std::size_t max_object_size = std::size_t(-1);
  static constexpr std::size_t max_array_size = std::size_t(-1);
  static constexpr std::size_t max_key_size = std::size_t(-1);
  static constexpr std::size_t max_string_size = std::size_t(-1);

  using Error = boost::json::error_code;
  using Text = boost::json::string_view;

  struct Frame {
    bool is_map = false;
    std::string key;
    List list;
    Map map;
  };

  std::vector<Frame> frames;
  std::string text;
  Value result;

  void add(Value value) {
    if (frames.empty()) {
      result = std::move(value);
    } else if (Frame& frame = frames.back(); frame.is_map) {
      frame.map.emplace_back(std::move(frame.key), std::move(value));
    } else {
      frame.list.push_back(std::move(value));
    }
  }

  bool open(bool is_map) {
    frames.emplace_back().is_map = is_map;
    return true;
  }

  bool close() {
    Frame frame = std::move(frames.back());
    frames.pop_back();
    add(frame.is_map ? Value::map(std::move(frame.map)) : Value::list(std::move(frame.list)));
    return true;
  }

  bool part(Text piece) {
    text.append(piece.data(), piece.size());
    return true;
  }

  std::string whole(Text piece) {
    part(piece);
    return std::exchange(text, {});
  }

  bool number(Text piece) {
    const std::string digits = whole(piece);
    double value = 0;
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (read.ec == std::errc::result_out_of_range) {
      add(Value::missing("the number does not fit into a double"));
    } else {
      add(Value::number(value));
    }
    return true;
  }

  bool on_document_begin(Error&) { return true; }
  bool on_document_end(Error&) { return true; }
  bool on_object_begin(Error&) { return open(true); }
  bool on_object_end(std::size_t, Error&) { return close(); }
  bool on_array_begin(Error&) { return open(false); }
  bool on_array_end(std::size_t, Error&) { return close(); }
  bool on_key_part(Text piece, std::size_t, Error&) { return part(piece); }
  bool on_key(Text piece, std::size_t, Error&) {
    frames.back().key = whole(piece);
    return true;
  }
  bool on_string_part(Text piece, std::size_t, Error&) { return part(piece); }
  bool on_string(Text piece, std::size_t, Error&) {
    add(Value::string(whole(piece)));
    return true;
  }
  bool on_number_part(Text piece, Error&) { return part(piece); }
  bool on_int64(std::int64_t, Text piece, Error&) { return number(piece); }
  bool on_uint64(std::uint64_t, Text piece, Error&) { return number(piece); }
  bool on_double(double, Text piece, Error&) { return number(piece); }
  bool on_bool(bool value, Error&) {
    add(Value::boolean(value));
    return true;
  }
  bool on_null(Error&) {
    add(Value());
    return true;
  }
  bool on_comment_part(Text, Error&) { return true; }
  bool on_comment(Text, Error&) { return true; }
};

}  // namespace

std::string to_json(const Value& value) {
  std::string text;
  append_json(text, value);
  return text;
}

std::optional<Value> from_json(std::string_view text) {
  boost::json::parse_options options;
  options.max_depth = kMaxValueDepth;
  boost::json::basic_parser<ValueHandler> parser(options);
  boost::json::error_code error;
  const std::size_t read = parser.write_some(false, text.data(), text.size(), error);
  if (error || !parser.done()) return std::nullopt;
  const std::string_view rest = text.substr(read);
  if (rest.find_first_not_of(" \t\r\n") != std::string_view::npos) return std::nullopt;
  return std::move(parser.handler().result);
}

}  // namespace rollout::plan
