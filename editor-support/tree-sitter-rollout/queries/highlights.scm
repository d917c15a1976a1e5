; Later patterns win.

; ---------------------------------------------------------------- names

(identifier) @variable
(label) @property
(member member: (identifier) @property)
(call function: (identifier) @function.call)
(call function: (member member: (identifier) @function.call))
(argument name: (label) @variable.parameter)
(field name: (identifier) @variable.parameter)
(named_type) @type
(named_type (identifier) @type)
(time_of_day_type) @type
(enum_value name: (identifier) @constant)
(labels (identifier) @property)
(zone (identifier) @constant)
(days (identifier) @constant)

(fn name: (identifier) @function)
(action name: (identifier) @function)
(check name: (identifier) @function)
(source name: (identifier) @function)
(channel name: (identifier) @function)
(guards name: (identifier) @function)
(metric name: (identifier) @function)
(enum name: (identifier) @type)
(record name: (identifier) @type)
(role name: (identifier) @type)
(rollout name: (identifier) @module)
(stage name: (identifier) @label)
(world name: (identifier) @module)
(scenario name: (string) @string.special)
(rollback_to stage: (identifier) @label)
(use (identifier) @module)
(use (member (identifier) @module))
(use alias: (identifier) @module)

((identifier) @variable.builtin
  (#any-of? @variable.builtin "reason" "stage_name" "run_id" "severity" "text" "traffic_share"))

((call function: (identifier) @function.builtin)
  (#any-of? @function.builtin
    "env" "file" "now" "shell" "lines" "trim" "number" "len" "contains" "matches" "join" "first" "last" "json_parse" "json_at" "column"
    "replace" "round" "count_matching" "shorten" "url_encode" "sha256" "at_slots"
    "format" "avg" "min" "max" "sum" "count" "quantile" "rate" "baseline" "any" "all" "share" "worse" "probe" "run"
    "ramp" "noise" "old" "late" "future"))

; ---------------------------------------------------------------- literals

(string) @string
(command) @string.special
(escape_sequence) @string.escape
(interpolation "${" @punctuation.special "}" @punctuation.special)
(boolean) @boolean
(any_argument) @constant.builtin
(missing) @constant.builtin
(unit_name) @type
[
  (number)
  (ratio)
  (duration)
  (size)
  (rate)
  (time_of_day)
  (instant)
] @number
(comment) @comment
(doc_comment) @comment.documentation

; ---------------------------------------------------------------- words

[
  "use" "plugin" "as"
] @keyword.import

[
  "param" "secret" "let" "fn" "enum" "record" "role" "metric" "source" "check" "action" "channel" "guards" "stage"
  "rollout" "world" "scenario"
] @keyword

[
  "readonly" "idempotent" "irreversible"
] @keyword.modifier

(modifier) @keyword.modifier

[
  "matching" "by" "every" "over" "unit" "stale" "baseline" "absent" "after" "require" "past" "probe" "acknowledged"
  "warmup" "sample" "window" "on" "owner" "description" "service" "environment" "exclusive" "link" "setting" "contact"
  "freeze" "requires" "succeeded" "via" "within" "expires" "end" "of" "missing" "always" "never" "unless" "approved"
  "rolling" "back" "incomplete" "fallback" "start" "done" "resume" "success" "failure" "at" "traffic" "hold" "verify"
  "all" "approve" "checklist" "item" "ask" "notify" "severity" "info" "warning" "critical" "ack" "run" "undo" "rest"
  "watch" "most" "samples" "blind" "to" "from" "with" "starts" "slots" "error" "x" "succeeds" "fails" "times" "hangs"
  "returns" "promote" "reject" "answer" "tick" "acknowledge" "crash" "expect" "because" "before" "reached" "called"
  "notified" "during" "rolled" "paused" "aborted" "failed" "time" "day"
] @keyword

[
  "if" "else" "when" "then"
] @keyword.conditional

[
  "each" "for" "until" "repeat" "parallel" "retry" "timeout"
] @keyword.repeat

"return" @keyword.return

[
  "and" "or" "not" "in" "is" "above" "below"
] @keyword.operator

(time_of_day_type) @type
(rate_type "time" @type)

; What ends a run or turns it round is worth a second look.
(rollback_outcome "rollback" @keyword.exception)
(rollback_to "rollback" @keyword.exception)
(abort "abort" @keyword.exception)
(pause "pause" @keyword.exception)
(continue) @keyword.exception
(console command: _ @keyword.exception)
(outcome_name) @keyword.exception

; ---------------------------------------------------------------- signs

[
  "==" "!=" "<=" ">=" "<" ">" "=" "+" "-" "*" "/" ".." "->"
] @operator

[
  "(" ")" "[" "]" "{" "}"
] @punctuation.bracket

[
  "," ";" "." ":"
] @punctuation.delimiter
