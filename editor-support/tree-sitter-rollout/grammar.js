// The Rollout language for editors. Literals and line ends come from src/scanner.c, and so does what has to look ahead to
// tell a name from a word of the language, which most words are in their place alone.

const { clauses } = require("./words.js");

// The word of a clause that may begin the next line, where a statement may begin with the same word.
function clauseWord($, text) {
  return alias($[`_clause_${text}`], text);
}

function separated(item, separator) {
  return seq(item, repeat(seq(separator, item)), optional(separator));
}

// `{ items }`, with lines or `;` between them.
function body($, item) {
  return seq("{", optional(separated(item, $._separator)), "}");
}

// The same with one item at least.
function filledBody($, item) {
  return seq("{", separated(item, $._separator), "}");
}

// `{ items }`, with commas or lines between them, and one item at least.
function filledTable($, item) {
  return seq("{", separated(item, $._comma_or_line), "}");
}

function commaList(element) {
  return seq(element, repeat(seq(",", element)));
}

function elements(element) {
  return optional(seq(commaList(element), optional(",")));
}

module.exports = grammar({
  name: "rollout",

  externals: ($) => [
    $._newline,
    $._line_skip,
    $.comment,
    $.doc_comment,
    $._name,
    $._label,
    $._member_name,
    $.number,
    $.ratio,
    $.duration,
    $.size,
    $.rate,
    $.time_of_day,
    $.instant,
    $.unit_name,
    $._string_text,
    $._lines_text,
    $._command_text,
    $.escape_sequence,
    $._never,
    $._at_declared_name,
    $._at_line,
    $._at_expectation,
    ...clauses.map((text) => $[`_clause_${text}`]),
  ],

  word: ($) => $._word,

  extras: ($) => [/[ \t\r\n]/, $._line_skip, $.comment, $.doc_comment],

  inline: ($) => [$._quantity, $._type_annotation, $._equals_value],

  rules: {
    source_file: ($) =>
      seq(optional($._newlines), optional(separated($._declaration, $._separator))),

    _newlines: ($) => repeat1($._newline),
    _separator: ($) => repeat1(choice(";", $._newline)),
    _comma_or_line: ($) => repeat1(choice(",", $._newline)),

    _word: ($) => /[A-Za-z_][A-Za-z0-9_]*/,
    identifier: ($) => choice($._word, $._name),
    // The scanner never gives the tokens `_at_...`: that they could come tells it where it is.
    _declared_name: ($) => choice($.identifier, $._at_declared_name),
    label: ($) => $._label,

    // ---------------------------------------------------------------- literals

    _quantity: ($) => choice($.number, $.ratio, $.duration, $.size, $.rate, $.time_of_day, $.instant),
    boolean: ($) => choice("true", "false"),

    string: ($) =>
      choice(
        seq('"', repeat(choice(alias($._string_text, $.string_content), $.escape_sequence, $.interpolation)), '"'),
        seq('"""', repeat(choice(alias($._lines_text, $.string_content), $.escape_sequence, $.interpolation)), '"""'),
      ),
    command: ($) =>
      seq("`", repeat(choice(alias($._command_text, $.command_content), $.escape_sequence, $.interpolation)), "`"),
    interpolation: ($) => seq("${", $._expression, "}"),

    // ---------------------------------------------------------------- expressions

    _expression: ($) => choice(alias($.or_expression, $.binary_expression), $._conjunction),
    or_expression: ($) => prec.left(1, seq($._expression, field("operator", "or"), $._conjunction)),
    _conjunction: ($) => choice(alias($.and_expression, $.binary_expression), $._negatable),
    and_expression: ($) => prec.left(2, seq($._conjunction, field("operator", "and"), $._negatable)),
    _negatable: ($) => choice($.not_expression, $.comparison, $._sum),
    not_expression: ($) => seq("not", $._negatable),
    comparison: ($) =>
      seq(
        $._sum,
        choice(
          seq(field("operator", $._comparison_operator), $._sum),
          seq(field("operator", "in"), $._span),
          seq("is", optional("not"), "missing"),
        ),
      ),
    _comparison_operator: ($) => choice("==", "!=", "<=", ">=", "<", ">"),
    _span: ($) => choice($.range, $._sum),
    range: ($) => seq($._sum, "..", $._sum),
    _sum: ($) => choice(alias($.sum, $.binary_expression), $._relative),
    sum: ($) => seq($._sum, field("operator", choice("+", "-")), $._relative),
    _relative: ($) => choice($.relative, $._product),
    relative: ($) => seq($._product, choice("above", "below"), $._product),
    _product: ($) => choice(alias($.product, $.binary_expression), $._unary),
    product: ($) => seq($._product, field("operator", choice("*", "/")), $._unary),
    _unary: ($) => choice($.negation, $._postfix),
    negation: ($) => seq("-", $._unary),

    _postfix: ($) => choice($.call, $.index, $.member, $._primary),
    call: ($) => seq(field("function", $._postfix), field("arguments", $.arguments)),
    index: ($) => seq($._postfix, token.immediate("["), $._expression, "]"),
    member: ($) => seq($._postfix, ".", field("member", alias($._member_name, $.identifier))),
    arguments: ($) => seq(token.immediate("("), elements($.argument), ")"),
    argument: ($) => choice(seq(field("name", $.label), ":", $._expression), $._expression, $.any_argument),
    any_argument: ($) => "_",

    _primary: ($) =>
      choice($.parenthesized, $.list, $.map, $.boolean, $._quantity, $.string, $.command, $.run, $.identifier),
    parenthesized: ($) => seq("(", $._expression, ")"),
    list: ($) => seq("[", elements($._expression), "]"),
    map: ($) => seq("{", optional(separated($.entry, $._comma_or_line)), "}"),
    entry: ($) => seq(field("key", choice($.string, $.label)), ":", $._expression),
    run: ($) => seq("run", $.command),

    // A path of names, with or without arguments: a check, guards, a channel, a role, an action, a metric.
    _path: ($) => choice(alias($._path_member, $.member), $.identifier),
    _path_member: ($) => seq($._path, ".", field("member", alias($._member_name, $.identifier))),
    _path_call: ($) => seq(field("function", $._path), field("arguments", $.arguments)),
    _reference: ($) => choice($._path, alias($._path_call, $.call)),

    // ---------------------------------------------------------------- types

    _type: ($) => choice($._plain_type, $.rate_type),
    rate_type: ($) => seq($._plain_type, "/", "time"),
    _plain_type: ($) => choice($.time_of_day_type, $.list_type, $.map_type, $.enum_type, $.named_type),
    time_of_day_type: ($) => seq("time", "of", "day"),
    list_type: ($) => seq("[", $._type, "]"),
    map_type: ($) => seq("{", $._type, ":", $._type, "}"),
    enum_type: ($) => seq("enum", $.enum_body),
    named_type: ($) => $._path,
    enum_body: ($) => filledTable($, $.enum_value),
    enum_value: ($) => seq(field("name", $._declared_name), optional(seq("=", $._literal))),
    _literal: ($) => choice(seq(choice("+", "-"), $._quantity), $._quantity, $.string, $.boolean),

    _type_annotation: ($) => seq(":", field("type", $._type)),
    _equals_value: ($) => seq("=", field("value", $._expression)),

    // ---------------------------------------------------------------- declarations

    _declaration: ($) =>
      choice(
        $.use,
        $.param,
        $.secret,
        $.let,
        $.fn,
        $.enum,
        $.record,
        $.role,
        $.metric,
        $.source,
        $.check,
        $.action,
        $.channel,
        $.guards,
        $.stage,
        $.rollout,
        $.world,
        $.scenario,
      ),

    use: ($) =>
      seq(
        "use",
        choice(seq("plugin", $.string), $.string, $._path),
        optional(seq("as", field("alias", $.identifier))),
      ),
    param: ($) =>
      seq(
        "param",
        field("name", $._declared_name),
        $._type_annotation,
        repeat(choice($.matching_clause, $._equals_value)),
      ),
    matching_clause: ($) => seq("matching", $.string),
    secret: ($) => seq("secret", field("name", $._declared_name), $._equals_value),
    let: ($) =>
      seq(
        "let",
        field("name", $._declared_name),
        optional($._type_annotation),
        "=",
        optional($.modifier),
        field("value", $._expression),
        optional($._tail),
      ),
    fn: ($) =>
      seq("fn", field("name", $._declared_name), $.params, optional($._type_annotation), $._equals_value),
    enum: ($) => seq("enum", field("name", $._declared_name), $.enum_body),
    record: ($) => seq("record", field("name", $._declared_name), $.record_body),
    record_body: ($) => filledTable($, $.field),
    field: ($) => seq(field("name", $._declared_name), $._type_annotation, optional($._equals_value)),
    params: ($) => seq(token.immediate("("), elements($.field), ")"),
    role: ($) => seq("role", field("name", $._declared_name), $._equals_value),

    metric: ($) =>
      seq(
        "metric",
        field("name", $._declared_name),
        optional($.params),
        optional(seq("by", $.labels)),
        $._type_annotation,
        $._equals_value,
        repeat($._metric_clause),
      ),
    labels: ($) => commaList($.identifier),
    _metric_clause: ($) =>
      choice($.every_clause, $.over_clause, $.unit_clause, $.stale_clause, $.baseline_clause, $.absent_clause),
    over_clause: ($) => seq("over", $._sum),
    unit_clause: ($) => seq("unit", $.unit_name),
    stale_clause: ($) => seq("stale", "after", $._sum),
    baseline_clause: ($) => seq(clauseWord($, "baseline"), $._sum),
    absent_clause: ($) => seq("absent", "is", $._sum),
    every_clause: ($) => seq(clauseWord($, "every"), $._sum),
    for_clause: ($) => seq("for", $._sum),

    check: ($) => seq("check", field("name", $._declared_name), optional($.params), $.check_body),
    check_body: ($) => body($, choice($.require, $._step)),
    require: ($) => seq("require", $._expression, optional($.string)),

    source: ($) =>
      seq("source", field("name", $._declared_name), optional($.params), $._type_annotation, $.source_body),
    source_body: ($) => body($, choice($.past, $._step)),
    past: ($) => seq("past", choice("(", token.immediate("(")), $.labels, ")", $.block),

    action: ($) =>
      seq(
        optional($.modifier),
        "action",
        field("name", $._declared_name),
        optional($.params),
        optional($._type_annotation),
        $.action_body,
      ),
    modifier: ($) => choice("readonly", "idempotent", "irreversible"),
    action_body: ($) => body($, choice($.probe, $._step)),
    probe: ($) => seq("probe", $.check_body),

    channel: ($) => seq("channel", field("name", $._declared_name), optional($.params), $.channel_body),
    channel_body: ($) => body($, choice($.acknowledged, $._step)),
    acknowledged: ($) => seq("acknowledged", $.block),

    guards: ($) => seq("guards", field("name", $._declared_name), optional($.params), $.guards_body),
    guards_body: ($) => body($, choice($.when, $.watch)),

    stage: ($) =>
      seq(
        "stage",
        field("name", $._declared_name),
        choice(seq("=", $._reference), seq(optional($.params), $.stage_body)),
      ),
    stage_body: ($) => body($, choice($.sample, $.warmup, $.window, $._step)),

    // ---------------------------------------------------------------- rollouts

    rollout: ($) => seq("rollout", field("name", $._declared_name), optional($.params), $.rollout_body),
    rollout_body: ($) => body($, choice($._header, $.hook, $.schedule, $.stage, $._step)),

    _header: ($) =>
      choice(
        $.text_header,
        $.link,
        $.setting,
        $.contact,
        $.window,
        $.freeze,
        $.requires,
        $.traffic_via,
        $.rollback_within,
        $.rollback_expires,
        $.on_failure,
        $.on_missing,
        $.baseline_over,
        $.sample,
        $.warmup,
        $.property,
      ),
    text_header: ($) =>
      seq(
        choice(
          "owner",
          "description",
          "service",
          "environment",
          "exclusive",
        ),
        $.string,
      ),
    link: ($) => seq("link", $.string, $.string),
    setting: ($) => seq("setting", $.string, $._equals_value, optional($.string)),
    contact: ($) => seq("contact", $._reference, $.string),
    window: ($) => seq("window", $._span, $.zone, optional(seq("on", $.days))),
    zone: ($) => choice($.string, $.identifier),
    days: ($) => commaList($._day_range),
    _day_range: ($) => seq($.identifier, optional(seq("..", $.identifier))),
    freeze: ($) => seq("freeze", $._span, $.string),
    requires: ($) => seq("requires", $.string, "succeeded"),
    traffic_via: ($) => seq("traffic", "via", $._reference),
    rollback_within: ($) => seq("rollback", "within", $._sum),
    rollback_expires: ($) =>
      seq(
        "rollback",
        "expires",
        $._sum,
        "after",
        optional(seq("end", "of")),
        $.identifier,
        optional($.else_clause),
      ),
    on_failure: ($) => seq("on", "failure", $._plain_response),
    on_missing: ($) => seq("on", "missing", $.for_clause, $._response),
    baseline_over: ($) => seq("baseline", "over", $._sum),
    sample: ($) => seq("sample", commaList($.cadence)),
    cadence: ($) => seq($.every_clause, optional($.for_clause)),
    warmup: ($) => seq("warmup", $._sum),
    property: ($) =>
      seq(
        choice("always", "never"),
        $._expression,
        optional(seq("unless", "approved", $.string)),
      ),

    hook: ($) => seq("on", field("event", $.hook_event), $.block),
    hook_event: ($) =>
      choice(
        seq("rolling", "back"),
        seq("rollback", optional("incomplete")),
        "fallback",
        "start",
        seq("stage", optional("done")),
        "pause",
        "resume",
        "success",
        "failure",
      ),
    schedule: ($) =>
      seq(
        "at",
        choice("start", "success", "rollback", "failure"),
        repeat(seq(choice("+", "-"), $._product)),
        optional(seq($.every_clause, $.for_clause)),
        optional("always"),
        $.block,
      ),

    // ---------------------------------------------------------------- steps

    block: ($) => body($, $._step),
    _step: ($) =>
      choice(
        $.let,
        $.if,
        $.each,
        $.when,
        $.watch,
        $.hold,
        $.traffic,
        $.verify,
        $.approve,
        $.checklist,
        $.ask,
        $.notify,
        $.parallel,
        $.within,
        $.child,
        $.recur,
        $.undo,
        $.return,
        $._outcome,
        $.effect,
      ),

    _tail: ($) =>
      prec.right(
        choice(
          seq(
            repeat1(choice($.timeout_clause, $.retry_clause, $.within_clause, alias($._step_undo, $.undo))),
            optional($.else_clause),
          ),
          $.else_clause,
        ),
      ),
    timeout_clause: ($) => seq("timeout", $._sum),
    retry_clause: ($) => prec.right(seq("retry", $._sum, optional($.every_clause))),
    within_clause: ($) => seq(clauseWord($, "within"), $._sum),
    _step_undo: ($) => seq("undo", $.block),
    else_clause: ($) => seq("else", $._response),
    _plain_else: ($) => seq("else", $._plain_response),

    effect: ($) => seq($._effect_call, optional($._tail)),
    _effect_call: ($) => seq(optional($.modifier), choice($.run, alias($._path_call, $.call))),
    child: ($) => seq("rollout", $._reference, optional($._tail)),
    traffic: ($) =>
      seq(
        "traffic",
        $._sum,
        optional(seq("..", $._sum, alias($._ramp_by, $.by_clause), $.every_clause)),
        optional($._tail),
      ),
    _ramp_by: ($) => seq("by", $._sum),
    hold: ($) => seq("hold", $._span, optional($.until_clause), optional($.else_clause)),
    until_clause: ($) => seq("until", choice($.condition_block, $._conditions)),
    condition_block: ($) => filledBody($, $.condition),
    _conditions: ($) => seq($.condition, repeat(seq("and", $.condition))),
    condition: ($) => seq($._expression, optional($.for_clause)),
    verify: ($) =>
      seq(
        "verify",
        choice(seq(field("name", $.string), $.check_body), seq("all", "of", $.list), $._reference),
        optional($._tail),
      ),
    approve: ($) => seq("approve", $.string, $.by_clause, optional($.within_clause), optional($.else_clause)),
    by_clause: ($) => seq("by", $._sum, optional(seq("of", $._reference))),
    checklist: ($) =>
      seq(
        "checklist",
        $.string,
        optional($.by_clause),
        optional($.within_clause),
        optional(alias($._plain_else, $.else_clause)),
        $.checklist_items,
        optional($.within_clause),
        optional($.else_clause),
      ),
    checklist_items: ($) => filledBody($, $.item),
    item: ($) => seq("item", $.string, repeat(choice($.by_clause, $.check_clause))),
    check_clause: ($) => seq(clauseWord($, "check"), $._reference),
    ask: ($) =>
      prec.right(
        seq("ask", $._reference, $.string, optional($.within_clause), $.answers, optional($.else_clause)),
      ),
    answers: ($) => filledBody($, $.answer),
    answer: ($) => seq($.string, "->", $._response),
    notify: ($) => prec.right(seq("notify", $._reference, $.string, repeat(choice($.severity_clause, $.ack_clause)))),
    severity_clause: ($) => seq("severity", choice("info", "warning", "critical")),
    ack_clause: ($) => seq("ack", "within", $._sum, $.else_clause),
    parallel: ($) =>
      seq(
        "parallel",
        choice(
          seq($._loop_head, optional(seq("at", "most", $._sum)), $.block),
          alias($._branches, $.block),
        ),
      ),
    _branches: ($) => body($, choice($.block, $._step)),
    _loop_head: ($) => seq("each", field("name", $._declared_name), "in", $._span),
    each: ($) => seq($._loop_head, $.block),
    if: ($) => seq("if", $._expression, $.block, optional($.else_branch)),
    else_branch: ($) => seq("else", choice($.if, $.block)),
    within: ($) => seq("within", $._sum, $.block, optional($.else_clause)),
    recur: ($) => seq("every", $._sum, $.block),
    undo: ($) => seq("undo", choice("rest", $.block)),
    return: ($) => seq("return", $._expression),

    when: ($) =>
      seq(
        "when",
        field("condition", $._expression),
        optional(choice($.for_clause, $.samples_clause)),
        optional($.blind_clause),
        $.then_clause,
        optional($.repeat_clause),
      ),
    samples_clause: ($) => seq("for", $._sum, "of", $._sum, "samples"),
    blind_clause: ($) => seq("blind", $._response),
    then_clause: ($) => seq("then", $._response),
    repeat_clause: ($) => seq("repeat", "every", $._sum),
    watch: ($) => seq("watch", $._reference),

    // ---------------------------------------------------------------- responses

    _response: ($) => choice($.reply, $._plain_response),
    _plain_response: ($) => choice($._outcome, $.ask, $.notify, alias($._response_effect, $.effect)),
    _response_effect: ($) => prec.right(seq($._effect_call, repeat(choice($.timeout_clause, $.retry_clause)))),
    reply: ($) => filledBody($, choice($._plain_response, $.let, $.if)),
    _outcome: ($) => choice($.rollback_to, $.rollback_outcome, $.abort, $.continue, $.pause),
    rollback_to: ($) =>
      prec.right(
        seq(
          "rollback",
          "to",
          field("stage", $.identifier),
          optional(
            seq(
              "and",
              "retry",
              optional(seq("at", "most", $._sum)),
              optional(seq("after", $._sum)),
              optional($.else_clause),
            ),
          ),
        ),
      ),
    rollback_outcome: ($) => seq("rollback", optional($.string)),
    abort: ($) => seq("abort", optional($.string)),
    continue: ($) => "continue",
    pause: ($) =>
      prec.right(
        seq(
          "pause",
          optional($.string),
          optional(seq(alias($._pause_until, $.until_clause), optional($.within_clause), optional($.else_clause))),
        ),
      ),
    _pause_until: ($) => seq("until", $.condition),

    // ---------------------------------------------------------------- scenarios

    world: ($) => seq("world", field("name", $._declared_name), $.scenario_body),
    scenario: ($) =>
      seq(
        "scenario",
        field("name", $.string),
        "of",
        $._reference,
        optional(seq("in", $.identifier)),
        $.scenario_body,
      ),
    scenario_body: ($) => body($, $._line),
    _line: ($) =>
      choice(
        $.console,
        $.signal,
        $.with,
        $.starts,
        $.approve_line,
        $.reject_line,
        $.answer_line,
        $.tick_line,
        $.acknowledge_line,
        $.crash,
        $.expect,
        $.world_effect,
        $._at_line,
      ),

    signal: ($) => seq($._reference, optional($.series), "=", field("value", $._value), optional($._from_to)),
    series: ($) => seq(token.immediate("["), commaList($.string), "]"),
    _value: ($) => choice($.missing, $.slots, $._expression),
    missing: ($) => "missing",
    slots: ($) => seq("slots", token.immediate("("), $._sum, ",", "[", elements($.slot), "]", ")"),
    slot: ($) => seq(choice($.any_argument, "error", $._expression), optional(seq("x", $._sum))),
    _from_to: ($) => choice(seq($.from_clause, optional($.to_clause)), $.to_clause),
    from_clause: ($) => seq("from", $.point),
    to_clause: ($) => seq("to", $.point),
    point: ($) =>
      choice($._sum, seq("end", "of", $._postfix, repeat(seq("+", $._product)))),

    world_effect: ($) =>
      seq(
        choice($.run, $._reference),
        choice(
          seq("succeeds", optional(seq("in", $._sum))),
          seq("fails", optional($.string), optional($.times)),
          "hangs",
          seq("returns", $._expression, repeat(seq("then", $._expression))),
        ),
        optional($._from_to),
      ),
    times: ($) => seq(choice($._quantity, $.identifier, $.parenthesized), "times"),

    console: ($) =>
      seq(
        "at",
        $.point,
        field(
          "command",
          choice(
            "rollback",
            "pause",
            "resume",
            "promote",
            "abort",
            "retry",
          ),
        ),
        optional($.string),
        optional(alias($._by_text, $.by_clause)),
      ),
    with: ($) => seq("with", field("name", $.identifier), $._equals_value),
    starts: ($) => seq("starts", $._sum),
    _by_text: ($) => seq("by", $.string),
    _all_or_text: ($) => choice("all", seq($.string, optional(alias($._by_text, $.by_clause)))),
    approve_line: ($) => seq("approve", $._all_or_text, optional($.after_clause)),
    reject_line: ($) =>
      seq("reject", $.string, optional(alias($._by_text, $.by_clause)), optional($.after_clause)),
    answer_line: ($) =>
      seq("answer", $.string, $.string, optional(alias($._by_text, $.by_clause)), optional($.after_clause)),
    tick_line: ($) => seq("tick", $._all_or_text, optional($.after_clause)),
    acknowledge_line: ($) => seq("acknowledge", $._reference, optional($.after_clause)),
    after_clause: ($) => seq("after", $._sum),
    at_clause: ($) => seq("at", $.point),
    crash: ($) => seq("crash", $.at_clause, optional($.for_clause)),

    expect: ($) => seq("expect", $._expectation),
    _expectation: ($) =>
      choice(
        $._at_expectation,
        seq(
          "traffic",
          optional(seq("of", $._postfix)),
          $._comparison_operator,
          $._sum,
          optional($.at_clause),
        ),
        seq("end", $.within_clause),
        seq("because", $.string),
        "blind",
        seq($._path, "before", $._path),
        seq(optional("not"), "reached", $._postfix, optional($._timing)),
        seq(optional("not"), "called", choice($.run, $._reference), optional($.times)),
        seq(
          optional("not"),
          "notified",
          $._reference,
          optional($.times),
          optional(seq("with", $.string)),
        ),
        seq(
          $.outcome_name,
          optional(seq("during", $._postfix)),
          optional($._timing),
        ),
      ),
    outcome_name: ($) =>
      choice(
        "succeeded",
        seq("rolled", "back"),
        seq("rollback", "incomplete"),
        "paused",
        "aborted",
        "failed",
      ),
    _timing: ($) => choice($.at_clause, $.within_clause, $.after_clause),
  },
});
