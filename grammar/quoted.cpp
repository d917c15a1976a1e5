// Strings and commands: from raw text with inserts to what they mean.
#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

#include "grammar/literals.hpp"
#include "grammar/quoted_problems.hpp"
#include "grammar/utf8.hpp"

namespace rollout::grammar {
namespace {

// Appends text to the last part, or begins one.
void append_text(std::vector<TextPart>& parts, std::string_view text, Span span) {
  if (parts.empty() || parts.back().insert) parts.push_back({{}, std::nullopt, {span.begin, span.begin}});
  parts.back().text += text;
  parts.back().span.end = span.end;
}

// The escape at the head of `text` (escape_length is not 0) as the character that it stands for.
void append_escape(std::string& out, std::string_view text) {
  switch (text[1]) {
    case 'n': out += '\n'; return;
    case 'r': out += '\r'; return;
    case 't': out += '\t'; return;
    case 'u': {
      const std::size_t close = text.find('}');
      std::uint32_t code_point = 0;
      const auto result = std::from_chars(text.data() + 3, text.data() + close, code_point, 16);
      if (result.ec != std::errc() || !append_utf8(out, code_point)) out += "\xEF\xBF\xBD";
      return;
    }
    default: out += text[1]; return;
  }
}

// The text of one run in "...".
std::string unescaped(std::string_view raw) {
  std::string out;
  out.reserve(raw.size());
  for (std::size_t at = 0; at < raw.size();) {
    const std::size_t mark = std::min(raw.find('\\', at), raw.size());
    out += raw.substr(at, mark - at);
    if (mark == raw.size()) break;
    const std::size_t escape = escape_length(raw.substr(mark));
    if (escape == 0) {
      out += raw[mark];
    } else {
      append_escape(out, raw.substr(mark, escape));
    }
    at = mark + std::max<std::size_t>(escape, 1);
  }
  return out;
}

// The text of one run in """...""": only \${ and \""" are escapes, and CRLF is LF.
std::string unescaped_lines(std::string_view raw) {
  std::string out;
  out.reserve(raw.size());
  for (std::size_t at = 0; at < raw.size();) {
    std::size_t mark = at;
    while (mark < raw.size() && raw[mark] != '\\' && raw[mark] != '\r') ++mark;
    out += raw.substr(at, mark - at);
    if (mark == raw.size()) break;
    const std::string_view rest = raw.substr(mark);
    const bool dropped = rest.starts_with("\\${") || rest.starts_with("\\\"\"\"") || rest.starts_with("\r\n");
    if (!dropped) out += raw[mark];
    at = mark + 1;
  }
  return out;
}

// Measures the blanks that the lines of a text begin with.
class IndentationMeter {
 public:
  void text(std::string_view run) {
    for (std::size_t at = 0; at < run.size();) {
      const char c = run[at];
      if (c == '\n') {
        before_text_ = true;
        indentation_ = 0;
        ++at;
      } else if (c == ' ' || c == '\t') {
        ++indentation_;
        ++at;
      } else {
        something();
        at = std::min(run.find('\n', at), run.size());
      }
    }
  }
  // Anything but a blank stands here.
  void something() {
    if (before_text_) common_ = std::min(common_, indentation_);
    before_text_ = false;
  }
  std::size_t common() const { return common_ == kNone ? 0 : common_; }

 private:
  static constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

  std::size_t common_ = kNone;
  std::size_t indentation_ = 0;
  bool before_text_ = false;  // what stands on the line of the opening quote does not count
};

// The blanks that all lines of a """ string begin with. Lines of nothing but blanks do not count. An insert is text.
std::size_t common_indentation(const std::vector<TextPart>& parts) {
  IndentationMeter meter;
  for (const TextPart& part : parts) {
    meter.text(part.text);
    if (part.insert) meter.something();
  }
  return meter.common();
}

// Takes `count` blanks from the head of every line but the first; `at_line_start` carries over from run to run.
std::string outdented(std::string text, std::size_t count, std::size_t& left) {
  if (count == 0) return text;
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    if (left > 0 && (text[at] == ' ' || text[at] == '\t')) {
      --left;
      ++at;
      continue;
    }
    const std::size_t line_end = text.find('\n', at);
    const std::size_t end = line_end == std::string::npos ? text.size() : line_end + 1;
    out.append(text, at, end - at);
    left = line_end == std::string::npos ? 0 : count;
    at = end;
  }
  return out;
}

void drop_first_line_end(std::vector<TextPart>& parts) {
  if (parts.empty() || parts.front().insert) return;
  std::string& text = parts.front().text;
  const std::size_t first = text.find_first_not_of(" \t");
  if (first != std::string::npos && text[first] == '\n') text.erase(0, first);
}

// What the rule for """ strings drops: the first line end and the common indentation.
void lay_out_lines(std::vector<TextPart>& parts) {
  drop_first_line_end(parts);
  const std::size_t indentation = common_indentation(parts);
  const bool begins_with_line_end = !parts.empty() && parts.front().text.starts_with('\n');
  std::size_t left = 0;
  for (TextPart& part : parts) {
    if (part.insert) {
      left = 0;
    } else {
      part.text = outdented(std::move(part.text), indentation, left);
    }
  }
  if (begins_with_line_end) parts.front().text.erase(0, 1);
  std::erase_if(parts, [](const TextPart& part) { return !part.insert && part.text.empty(); });
}

bool is_triple_quoted(NodeRef literal) {
  const auto quote = literal.child(SyntaxKind::StringQuote);
  return quote && quote->span().size() == 3;
}

}  // namespace

std::optional<NodeRef> TextPart::expression() const {
  return insert ? insert->child_if(is_expression) : std::nullopt;
}

std::vector<TextPart> decode_string(NodeRef literal) {
  const bool triple = is_triple_quoted(literal);
  std::vector<TextPart> parts;
  for (const NodeRef child : literal.all_children()) {
    if (child.is(SyntaxKind::Insert)) {
      parts.push_back({{}, child, child.span()});
    } else if (child.is(SyntaxKind::StringText)) {
      append_text(parts, triple ? unescaped_lines(child.text()) : unescaped(child.text()), child.span());
    }
  }
  if (triple) lay_out_lines(parts);
  return parts;
}

std::optional<std::string> constant_text(NodeRef literal) {
  std::vector<TextPart> parts = decode_string(literal);
  if (parts.empty()) return std::string();
  if (parts.size() > 1 || parts.front().insert) return std::nullopt;
  return std::move(parts.front().text);
}

std::string displayed_text(NodeRef literal) {
  std::string text;
  for (const TextPart& part : decode_string(literal)) text += part.insert ? part.insert->text() : part.text;
  return text;
}

namespace {

// Splits the runs of a command into words, one character at a time.
class CommandSplitter {
 public:
  void text(std::string_view raw, std::uint32_t begin);
  void insert(NodeRef node);
  DecodedCommand finish(Span whole);

 private:
  CommandWord& word(Span span) {
    if (!in_word_) result_.words.push_back({{}, span});
    in_word_ = true;
    result_.words.back().span.end = span.end;
    return result_.words.back();
  }
  void character(std::string_view text, Span span) { append_text(word(span).parts, text, span); }
  void open_or_close(char quote, Span span);
  std::size_t escape(std::string_view raw, std::size_t at, std::uint32_t begin);

  DecodedCommand result_;
  bool in_word_ = false;
  char quote_ = '\0';
  Span quote_span_;
};

bool is_shell_character(std::string_view raw, std::size_t at) {
  if (std::string_view("|><&;*?").find(raw[at]) != std::string_view::npos) return true;
  return raw[at] == '$' && at + 1 < raw.size() && raw[at + 1] == '(';
}

void CommandSplitter::open_or_close(char quote, Span span) {
  word(span);
  quote_ = quote_ == quote ? '\0' : quote;
  quote_span_ = span;
}

// A backslash at `at`: the next character as it is, or a blank where the line ends. Returns the place behind both.
std::size_t CommandSplitter::escape(std::string_view raw, std::size_t at, std::uint32_t begin) {
  const std::size_t line_end = raw.substr(at + 1).starts_with("\r\n") ? 2
                               : raw.substr(at + 1).starts_with('\n') ? 1
                                                                      : 0;
  if (line_end != 0) {
    in_word_ = in_word_ && quote_ != '\0';
    if (quote_ != '\0') character(" ", {begin, begin + 1});
    return at + 1 + line_end;
  }
  const std::size_t length = at + 1 < raw.size() ? std::max<std::size_t>(1, utf8_length(raw.substr(at + 1))) : 0;
  character(raw.substr(at + 1, length), {begin, begin + 1 + static_cast<std::uint32_t>(length)});
  return at + 1 + length;
}

void CommandSplitter::text(std::string_view raw, std::uint32_t begin) {
  for (std::size_t at = 0; at < raw.size();) {
    const char c = raw[at];
    const auto place = begin + static_cast<std::uint32_t>(at);
    if (c == '\\') {
      at = escape(raw, at, place);
      continue;
    }
    const Span span{place, place + 1};
    if (c == quote_ || (quote_ == '\0' && (c == '"' || c == '\''))) {
      open_or_close(c, span);
    } else if (quote_ == '\0' && (c == ' ' || c == '\t' || c == '\r')) {
      in_word_ = false;
    } else {
      if (quote_ == '\0' && is_shell_character(raw, at)) {
        result_.faults.push_back({CommandFaultKind::ShellCharacter, {place, place + (c == '$' ? 2u : 1u)}});
      }
      character(raw.substr(at, 1), span);
    }
    ++at;
  }
}

void CommandSplitter::insert(NodeRef node) {
  word(node.span()).parts.push_back({{}, node, node.span()});
}

DecodedCommand CommandSplitter::finish(Span whole) {
  if (quote_ != '\0') result_.faults.push_back({CommandFaultKind::UnclosedQuote, quote_span_});
  if (result_.words.empty()) result_.faults.push_back({CommandFaultKind::Empty, whole});
  return std::move(result_);
}

}  // namespace

DecodedCommand decode_command(NodeRef literal) {
  CommandSplitter splitter;
  for (const NodeRef child : literal.all_children()) {
    if (child.is(SyntaxKind::Insert)) splitter.insert(child);
    if (child.is(SyntaxKind::CommandText)) splitter.text(child.text(), child.span().begin);
  }
  return splitter.finish(literal.span());
}

}  // namespace rollout::grammar
