// The words of the language. `node words.js > src/words.h` prints them for the scanner.

// Never a name.
const reserved = [
  "and", "or", "not", "in", "is", "true", "false", "let", "if", "else", "when", "then", "for", "until", "each", "_",
];

// A clause that begins with one of these goes on with the line before it; no statement begins with one.
const joining = [
  "and", "or", "else", "then", "for", "until", "retry", "timeout", "by", "severity", "ack", "blind", "repeat", "unless",
  "over", "unit", "stale", "absent", "matching",
];

// These begin clauses and statements: they go on with the line before where the construct there can take the clause.
const clauses = ["within", "every", "baseline", "check"];

// Words in their place alone; everywhere else they are names.
const contextual = [
  "abort", "aborted", "above", "absent", "ack", "acknowledge", "acknowledged", "action", "after", "all", "always", "answer",
  "approve", "approved", "as", "ask", "at", "back", "baseline", "because", "before", "below", "blind", "by", "called",
  "channel", "check", "checklist", "contact", "continue", "crash", "critical", "day", "description", "done", "during",
  "end", "enum", "environment", "error", "every", "exclusive", "expect", "expires", "failed", "fails", "failure",
  "fallback", "fn", "freeze", "from", "guards", "hangs", "hold", "idempotent", "incomplete", "info", "irreversible",
  "item", "link", "matching", "metric", "missing", "most", "never", "notified", "notify", "of", "on", "over", "owner",
  "parallel", "param", "past", "pause", "paused", "plugin", "probe", "promote", "reached", "readonly", "record",
  "reject", "repeat", "require", "requires", "rest", "resume", "retry", "return", "returns", "role", "rollback",
  "rolled", "rolling", "rollout", "run", "sample", "samples", "scenario", "secret", "service", "setting", "severity",
  "slots", "source", "stage", "stale", "start", "starts", "succeeded", "succeeds", "success", "tick", "time", "timeout",
  "times", "to", "traffic", "undo", "unit", "unless", "use", "verify", "via", "warmup", "warning", "watch", "window",
  "with", "within", "world", "x",
];

const words = [...reserved, ...contextual].sort();

module.exports = { clauses };

if (require.main === module) {
  const rows = words.map((word) => {
    const constant = word === "_" ? "WORD_ANY" : `WORD_${word.toUpperCase()}`;
    return `  X(${constant}, "${word}", ${Number(reserved.includes(word))}, ${Number(joining.includes(word))})`;
  });
  console.log("// Made by `node words.js > src/words.h`. X(constant, text, is reserved, goes on with the line before), sorted by text.");
  console.log(`#define ROLLOUT_WORDS(X) \\\n${rows.join(" \\\n")}`);
}
