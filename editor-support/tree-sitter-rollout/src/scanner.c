// The literals, comments and line ends of Rollout, and the names that are also words of the language: what a word is
// depends on its place, which the parser tells by the tokens that fit there, and on the text behind it, as in the
// compiler.
#include <string.h>
#include <tree_sitter/parser.h>

#include "words.h"

// In the order of `externals` in grammar.js.
enum Token {
  NEWLINE,
  LINE_SKIP,
  COMMENT,
  DOC_COMMENT,
  NAME,
  LABEL,
  MEMBER_NAME,
  NUMBER,
  RATIO,
  DURATION,
  SIZE,
  RATE,
  TIME_OF_DAY,
  INSTANT,
  UNIT_NAME,
  STRING_TEXT,
  LINES_TEXT,
  COMMAND_TEXT,
  ESCAPE_SEQUENCE,
  NEVER,  // fits nowhere: valid only while the parser recovers from an error
  AT_DECLARED_NAME,
  AT_LINE,
  AT_EXPECTATION,
  CLAUSE_WITHIN,
  CLAUSE_EVERY,
  CLAUSE_BASELINE,
  CLAUSE_CHECK
};

#define WORD_ID(id, text, reserved, joins) id,
enum WordId { ROLLOUT_WORDS(WORD_ID) WORD_COUNT };

typedef struct {
  enum WordId id;
  const char* text;
  bool reserved;
  bool joins;  // goes on with the line before
} Word;

#define WORD_ROW(id, text, reserved, joins) {id, text, reserved, joins},
static const Word kWords[] = {ROLLOUT_WORDS(WORD_ROW)};

// Longer than every word of the language; of a longer name the beginning is enough.
enum { kBuffer = 32 };

static bool is_digit(int32_t c) {
  return c >= '0' && c <= '9';
}
static bool is_word_start(int32_t c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
static bool is_word_part(int32_t c) {
  return is_word_start(c) || is_digit(c);
}
static bool is_blank(int32_t c) {
  return c == ' ' || c == '\t' || c == '\r';
}
static bool is_glued_opener(int32_t c) {
  return c == '(' || c == '[' || c == '.';
}
// What may stand in a comment, a string or a command: no control character, and nothing that is not UTF-8.
static bool is_text(int32_t c) {
  return c == '\t' || c == '\r' || (c >= 0x20 && c != 0x7f);
}

static void advance(TSLexer* lexer) {
  lexer->advance(lexer, false);
}

static bool take(TSLexer* lexer, int32_t c) {
  if (lexer->lookahead != c) return false;
  advance(lexer);
  return true;
}

static void skip_blanks(TSLexer* lexer) {
  while (is_blank(lexer->lookahead)) advance(lexer);
}

static bool finish(TSLexer* lexer, enum Token token) {
  lexer->result_symbol = token;
  return true;
}

static const Word* find_word(const char* text) {
  int first = 0;
  int last = WORD_COUNT - 1;
  while (first <= last) {
    const int middle = (first + last) / 2;
    const int order = strcmp(text, kWords[middle].text);
    if (order == 0) return &kWords[middle];
    if (order < 0) {
      last = middle - 1;
    } else {
      first = middle + 1;
    }
  }
  return NULL;
}

// Reads a word, whose first characters are left in `text`; NULL where it is no word of the language.
static const Word* read_word(TSLexer* lexer, char text[kBuffer]) {
  int length = 0;
  while (is_word_part(lexer->lookahead)) {
    if (length < kBuffer - 1) text[length++] = (char)lexer->lookahead;
    advance(lexer);
  }
  text[length] = '\0';
  return find_word(text);
}

static bool next_character_is(TSLexer* lexer, int32_t expected) {
  skip_blanks(lexer);
  return lexer->lookahead == expected;
}

static bool next_word_is(TSLexer* lexer, const char* expected) {
  char text[kBuffer];
  skip_blanks(lexer);
  read_word(lexer, text);
  return strcmp(text, expected) == 0;
}

// ---------------------------------------------------------------- names that are also words

static bool is_behaviour(const Word* word) {
  return word != NULL &&
         (word->id == WORD_SUCCEEDS || word->id == WORD_FAILS || word->id == WORD_HANGS || word->id == WORD_RETURNS);
}

// `metric =` and `callable fails`: lines of a scenario that begin with a name. Stands behind the word.
static bool is_scenario_reference(TSLexer* lexer, const Word* word) {
  skip_blanks(lexer);
  if (take(lexer, '=')) return lexer->lookahead != '=';
  if (word->id == WORD_STARTS || word->id == WORD_ACKNOWLEDGE) return false;
  char text[kBuffer];
  return is_behaviour(read_word(lexer, text));
}

// Whether a word of the language is none where a name fits. Stands behind the word.
static bool is_name(TSLexer* lexer, const bool* valid, const Word* word) {
  const int32_t next = lexer->lookahead;
  if (word->id == WORD_SLOTS) return next != '(';
  if (word->id == WORD_PAST) return !next_character_is(lexer, '(');
  if (is_glued_opener(next)) return true;
  if (valid[AT_LINE] && word->id != WORD_RUN) return is_scenario_reference(lexer, word);
  if (valid[AT_EXPECTATION]) return next_word_is(lexer, "before");
  switch (word->id) {
    case WORD_RUN: return !next_character_is(lexer, '`');
    case WORD_PLUGIN: return !next_character_is(lexer, '"');
    case WORD_VIA: return next_character_is(lexer, '.');
    case WORD_TIME:
    case WORD_ALL:
    case WORD_END: return !next_word_is(lexer, "of");
    default: return false;
  }
}

// Reserved words that no rule of the grammar has where a name fits.
static bool is_never_here(const bool* valid, const Word* word) {
  if (valid[AT_DECLARED_NAME]) return true;
  switch (word->id) {
    case WORD_AND:
    case WORD_OR:
    case WORD_IN:
    case WORD_IS:
    case WORD_ELSE:
    case WORD_THEN:
    case WORD_FOR:
    case WORD_UNTIL: return true;
    default: return false;
  }
}

// -1 where the word begins no clause.
static int clause_of(const Word* word) {
  switch (word->id) {
    case WORD_WITHIN: return CLAUSE_WITHIN;
    case WORD_EVERY: return CLAUSE_EVERY;
    case WORD_BASELINE: return CLAUSE_BASELINE;
    case WORD_CHECK: return CLAUSE_CHECK;
    default: return -1;
  }
}

// Gives a token only where the parser cannot know by itself; what is left is a word that fits, or else a name.
static bool scan_word(TSLexer* lexer, const bool* valid) {
  char text[kBuffer];
  const Word* word = read_word(lexer, text);
  lexer->mark_end(lexer);
  if (valid[NEVER]) return word == NULL && finish(lexer, NAME);
  if (valid[MEMBER_NAME]) return finish(lexer, MEMBER_NAME);
  const int clause = word == NULL ? -1 : clause_of(word);
  if (clause >= 0 && valid[clause]) return finish(lexer, (enum Token)clause);
  if (valid[LABEL]) {
    const int32_t glued = lexer->lookahead;
    skip_blanks(lexer);
    if (lexer->lookahead == ':') return finish(lexer, LABEL);
    if (word != NULL && word->id == WORD_RUN && valid[NAME]) {
      return lexer->lookahead != '`' && finish(lexer, NAME);
    }
    if (word != NULL && !word->reserved && valid[NAME] && word->id != WORD_SLOTS && is_glued_opener(glued)) {
      return finish(lexer, NAME);
    }
  }
  if (!valid[NAME] && !valid[AT_DECLARED_NAME]) return false;
  if (word == NULL) return finish(lexer, NAME);
  if (word->reserved) return is_never_here(valid, word) && finish(lexer, NEVER);
  return is_name(lexer, valid, word) && finish(lexer, NAME);
}

// ---------------------------------------------------------------- line ends

static bool scan_comment(TSLexer* lexer, const bool* valid) {
  advance(lexer);
  const enum Token kind = lexer->lookahead == '#' ? DOC_COMMENT : COMMENT;
  if (!valid[kind]) return false;
  lexer->mark_end(lexer);
  while (!lexer->eof(lexer) && lexer->lookahead != '\n') {
    if (!is_text(lexer->lookahead)) return false;
    // A carriage return before the line end belongs to the line end.
    const bool ends = lexer->lookahead == '\r';
    advance(lexer);
    if (!ends) lexer->mark_end(lexer);
  }
  return finish(lexer, kind);
}

// Whether `within D` that begins a line is followed by a block on it, and so is a step of its own.
static bool opens_block_on_line(TSLexer* lexer) {
  bool quoted = false;
  while (!lexer->eof(lexer) && lexer->lookahead != '\n') {
    if (lexer->lookahead == '"') quoted = !quoted;
    if (!quoted && is_word_start(lexer->lookahead)) {
      char text[kBuffer];
      const Word* word = read_word(lexer, text);
      if (word != NULL && word->joins) return false;
      continue;
    }
    if (!quoted && (lexer->lookahead == '#' || lexer->lookahead == ';')) return false;
    if (!quoted && lexer->lookahead == '{') return true;
    advance(lexer);
  }
  return false;
}

// Whether the line that begins here goes on with the line before it.
static bool line_goes_on(TSLexer* lexer, const bool* valid) {
  if (!is_word_start(lexer->lookahead)) return false;
  char text[kBuffer];
  const Word* word = read_word(lexer, text);
  if (word == NULL) return false;
  const int clause = clause_of(word);
  if (clause == CLAUSE_WITHIN) return valid[CLAUSE_WITHIN] && !opens_block_on_line(lexer);
  if (clause >= 0) return valid[clause];
  if (!word->joins) return false;
  return word->reserved || (!is_glued_opener(lexer->lookahead) && !is_scenario_reference(lexer, word));
}

// Stands on the first line end; the blanks and line ends are taken as what lies before the token. A comment is left for
// later, but what stands behind it counts.
static bool scan_line_end(TSLexer* lexer, const bool* valid) {
  while (is_blank(lexer->lookahead) || lexer->lookahead == '\n') lexer->advance(lexer, true);
  lexer->mark_end(lexer);
  while (lexer->lookahead == '#') {
    while (!lexer->eof(lexer) && lexer->lookahead != '\n') advance(lexer);
    while (is_blank(lexer->lookahead) || lexer->lookahead == '\n') advance(lexer);
  }
  return finish(lexer, !valid[NEVER] && line_goes_on(lexer, valid) ? LINE_SKIP : NEWLINE);
}

// ---------------------------------------------------------------- quantities

static bool is_one_of(const char* text, const char* const* options) {
  for (; *options != NULL; ++options) {
    if (strcmp(text, *options) == 0) return true;
  }
  return false;
}

static bool is_time_unit(const char* text) {
  static const char* const kUnits[] = {"ns", "us", "ms", "s", "m", "h", "d", "w", NULL};
  return is_one_of(text, kUnits);
}

static bool is_size_unit(const char* text) {
  static const char* const kUnits[] = {"B", "kB", "MB", "GB", "TB", "KiB", "MiB", "GiB", "TiB", NULL};
  return is_one_of(text, kUnits);
}

// Letters up to the next digit.
static void read_letters(TSLexer* lexer, char text[kBuffer]) {
  int length = 0;
  while (is_word_start(lexer->lookahead)) {
    if (length < kBuffer - 1) text[length++] = (char)lexer->lookahead;
    advance(lexer);
  }
  text[length] = '\0';
}

// So many digits, as a number; -1 where they are not there.
static int read_digits(TSLexer* lexer, int count) {
  int value = 0;
  for (int i = 0; i < count; ++i) {
    if (!is_digit(lexer->lookahead)) return -1;
    value = value * 10 + (lexer->lookahead - '0');
    advance(lexer);
  }
  return value;
}

// `:mm` behind an hour.
static bool take_minutes(TSLexer* lexer) {
  if (!take(lexer, ':')) return false;
  const int minutes = read_digits(lexer, 2);
  return minutes >= 0 && minutes < 60;
}

static bool take_clock_time(TSLexer* lexer) {
  const int hours = read_digits(lexer, 2);
  return hours >= 0 && hours < 24 && take_minutes(lexer);
}

static int days_in_month(int year, int month) {
  static const int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && leap ? 29 : kDays[month - 1];
}

// Behind `yyyy-`. 1: an instant; 0: no date at all, so the year was a number; -1: a date that is no instant.
static int scan_instant(TSLexer* lexer, int year) {
  const int month = read_digits(lexer, 2);
  if (month < 0 || !take(lexer, '-')) return 0;
  const int day = read_digits(lexer, 2);
  if (day < 0) return 0;
  if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month)) return -1;
  if (!take(lexer, 'T') || !take_clock_time(lexer)) return -1;
  if (take(lexer, ':')) {
    const int seconds = read_digits(lexer, 2);
    if (seconds < 0 || seconds > 59) return -1;
    if (take(lexer, '.')) {
      if (!is_digit(lexer->lookahead)) return -1;
      while (is_digit(lexer->lookahead)) advance(lexer);
    }
  }
  if (!take(lexer, 'Z')) {
    if (!take(lexer, '+') && !take(lexer, '-')) return -1;
    if (!take_clock_time(lexer)) return -1;
  }
  lexer->mark_end(lexer);
  return is_word_part(lexer->lookahead) ? -1 : 1;
}

static bool finish_quantity(TSLexer* lexer, const bool* valid, enum Token token) {
  return valid[token] && finish(lexer, token);
}

// The token's end is marked behind an amount; `/s` and its like make a rate of it.
static bool finish_amount(TSLexer* lexer, const bool* valid, enum Token amount) {
  if (take(lexer, '/')) {
    const int32_t per = lexer->lookahead;
    if (per == 's' || per == 'm' || per == 'h' || per == 'd' || per == 'w') {
      advance(lexer);
      if (!is_word_part(lexer->lookahead)) {
        lexer->mark_end(lexer);
        return finish_quantity(lexer, valid, RATE);
      }
    }
    return finish_quantity(lexer, valid, amount);
  }
  if (amount == NUMBER && is_blank(lexer->lookahead)) {
    // `5 m` and `5 %` are mistakes, no number with something behind it.
    skip_blanks(lexer);
    if (lexer->lookahead == '%') return false;
    char text[kBuffer];
    read_word(lexer, text);
    if ((is_time_unit(text) || is_size_unit(text)) && !is_glued_opener(lexer->lookahead) && lexer->lookahead != ':') {
      return false;
    }
  }
  return finish_quantity(lexer, valid, amount);
}

// Digits, `_` between digits, and a fraction. A point that no digit follows is left behind the marked end; true then.
static bool take_fraction(TSLexer* lexer) {
  lexer->mark_end(lexer);
  if (lexer->lookahead != '.') return false;
  advance(lexer);
  if (!is_digit(lexer->lookahead)) return true;
  while (is_digit(lexer->lookahead)) advance(lexer);
  lexer->mark_end(lexer);
  return false;
}

static bool scan_duration(TSLexer* lexer, const bool* valid, char unit[kBuffer]) {
  for (;;) {
    if (!is_time_unit(unit)) return false;
    lexer->mark_end(lexer);
    if (!is_digit(lexer->lookahead)) break;
    while (is_digit(lexer->lookahead)) advance(lexer);
    if (take_fraction(lexer)) return false;
    read_letters(lexer, unit);
  }
  return finish_quantity(lexer, valid, DURATION);
}

static bool scan_quantity(TSLexer* lexer, const bool* valid) {
  int digits = 0;
  int value = 0;
  while (is_digit(lexer->lookahead)) {
    value = (value * 10 + (lexer->lookahead - '0')) % 100000;
    ++digits;
    advance(lexer);
  }
  lexer->mark_end(lexer);
  if (lexer->lookahead == ':' && digits == 2) {
    const bool exists = take_minutes(lexer) && (value < 24);
    lexer->mark_end(lexer);
    if (is_word_part(lexer->lookahead)) return false;
    if (exists) return finish_quantity(lexer, valid, TIME_OF_DAY);
    return value == 24 && finish_quantity(lexer, valid, TIME_OF_DAY);
  }
  if (lexer->lookahead == '-' && digits == 4) {
    advance(lexer);
    const int found = scan_instant(lexer, value);
    if (found < 0) return false;
    return finish_quantity(lexer, valid, found == 1 ? INSTANT : NUMBER);
  }
  while (lexer->lookahead == '_') {
    advance(lexer);
    if (!is_digit(lexer->lookahead)) return false;
    while (is_digit(lexer->lookahead)) advance(lexer);
  }
  if (take_fraction(lexer)) return finish_quantity(lexer, valid, NUMBER);
  if (take(lexer, '%')) {
    if (is_word_part(lexer->lookahead)) return false;
    lexer->mark_end(lexer);
    return finish_amount(lexer, valid, RATIO);
  }
  if (!is_word_start(lexer->lookahead)) return finish_amount(lexer, valid, NUMBER);
  char unit[kBuffer];
  read_letters(lexer, unit);
  if (is_size_unit(unit) && !is_digit(lexer->lookahead)) {
    lexer->mark_end(lexer);
    return finish_amount(lexer, valid, SIZE);
  }
  return scan_duration(lexer, valid, unit);
}

// `s`, `%`, `MB/s`, `1/s`: the unit of a metric's source.
static bool scan_unit_name(TSLexer* lexer) {
  char text[kBuffer];
  if (lexer->lookahead == '%' || lexer->lookahead == '1') {
    const bool one = lexer->lookahead == '1';
    advance(lexer);
    if (one && is_word_part(lexer->lookahead)) return false;
  } else if (is_word_start(lexer->lookahead)) {
    read_word(lexer, text);
  } else {
    return false;
  }
  lexer->mark_end(lexer);
  if (take(lexer, '/') && is_word_start(lexer->lookahead)) {
    read_word(lexer, text);
    lexer->mark_end(lexer);
  }
  return finish(lexer, UNIT_NAME);
}

// ---------------------------------------------------------------- quoted text

static bool take_hexadecimal_escape(TSLexer* lexer) {
  if (!take(lexer, '{')) return false;
  int digits = 0;
  int value = 0;
  for (;; ++digits) {
    const int32_t c = lexer->lookahead;
    const int32_t lower = c | 0x20;
    if (is_digit(c)) {
      value = value * 16 + (c - '0');
    } else if (lower >= 'a' && lower <= 'f') {
      value = value * 16 + (lower - 'a' + 10);
    } else {
      break;
    }
    if (value > 0x10ffff) return false;
    advance(lexer);
  }
  return digits > 0 && !(value >= 0xd800 && value < 0xe000) && take(lexer, '}');
}

// What stands behind a backslash, as an escape of this kind of quoted text.
static bool take_escape(TSLexer* lexer, enum Token kind) {
  const int32_t c = lexer->lookahead;
  if (kind == STRING_TEXT) {
    advance(lexer);
    if (c == 'u') return take_hexadecimal_escape(lexer);
    return c == 'n' || c == 'r' || c == 't' || c == '"' || c == '\\' || c == '$';
  }
  if (kind == LINES_TEXT) {
    if (take(lexer, '$')) return take(lexer, '{');
    return take(lexer, '"') && take(lexer, '"') && take(lexer, '"');
  }
  if (lexer->eof(lexer)) return false;
  take(lexer, '\r');
  if (c != '\r' || lexer->lookahead == '\n') advance(lexer);
  return true;
}

// Whether the text ends before the quote that stands here; a quote of `"""` text that stays alone is taken.
static bool ends_at_quote(TSLexer* lexer, enum Token kind) {
  if (kind == COMMAND_TEXT) return true;
  if (kind == STRING_TEXT) return true;
  advance(lexer);
  return take(lexer, '"') && lexer->lookahead == '"';
}

// A run of text, or the escape at its head.
static bool scan_text(TSLexer* lexer, enum Token kind) {
  const int32_t quote = kind == COMMAND_TEXT ? '`' : '"';
  bool any = false;
  while (!lexer->eof(lexer)) {
    const int32_t c = lexer->lookahead;
    lexer->mark_end(lexer);
    if (c == '\n' && kind != LINES_TEXT) break;
    if (c == quote) {
      if (ends_at_quote(lexer, kind)) break;
      any = true;
      continue;
    }
    if (c == '$') {
      advance(lexer);
      if (lexer->lookahead == '{') break;
      any = true;
      continue;
    }
    if (c == '\\') {
      advance(lexer);
      if (kind != LINES_TEXT && any) return finish(lexer, kind);
      if (take_escape(lexer, kind)) {
        if (any) return finish(lexer, kind);
        lexer->mark_end(lexer);
        return finish(lexer, ESCAPE_SEQUENCE);
      }
      if (kind != LINES_TEXT) return false;
      any = true;
      continue;
    }
    if (c != '\n' && !is_text(c)) return false;
    advance(lexer);
    any = true;
  }
  return any && finish(lexer, kind);
}

// ---------------------------------------------------------------- what Tree-sitter calls

bool tree_sitter_rollout_external_scanner_scan(void* payload, TSLexer* lexer, const bool* valid) {
  (void)payload;
  const bool recovering = valid[NEVER];
  if (!recovering) {
    for (int kind = STRING_TEXT; kind <= COMMAND_TEXT; ++kind) {
      if (valid[kind]) return scan_text(lexer, (enum Token)kind);
    }
  }
  while (is_blank(lexer->lookahead)) lexer->advance(lexer, true);
  if (lexer->lookahead == '\n') {
    if (valid[NEWLINE]) return scan_line_end(lexer, valid);
    while (is_blank(lexer->lookahead) || lexer->lookahead == '\n') lexer->advance(lexer, true);
  }
  if (lexer->lookahead == '#') return scan_comment(lexer, valid);
  if (valid[UNIT_NAME] && !recovering) return scan_unit_name(lexer);
  if (is_word_start(lexer->lookahead)) return scan_word(lexer, valid);
  return is_digit(lexer->lookahead) && scan_quantity(lexer, valid);
}

void* tree_sitter_rollout_external_scanner_create(void) {
  return NULL;
}
void tree_sitter_rollout_external_scanner_destroy(void* payload) {
  (void)payload;
}
unsigned tree_sitter_rollout_external_scanner_serialize(void* payload, char* buffer) {
  (void)payload;
  (void)buffer;
  return 0;
}
void tree_sitter_rollout_external_scanner_deserialize(void* payload, const char* buffer, unsigned length) {
  (void)payload;
  (void)buffer;
  (void)length;
}
