[
  (rollout_body)
  (stage_body)
  (check_body)
  (source_body)
  (action_body)
  (channel_body)
  (guards_body)
  (scenario_body)
  (record_body)
  (enum_body)
  (block)
  (reply)
  (checklist_items)
  (answers)
  (condition_block)
  (map)
  (list)
  (arguments)
  (params)
] @indent.begin

; A clause on a line of its own stands one step deeper than its statement.
[
  (metric)
  (verify)
  (hold)
  (approve)
  (effect)
  (item)
  (notify)
  (when)
] @indent.begin

[
  "}"
  ")"
  "]"
] @indent.end @indent.branch

(string) @indent.ignore
(ERROR) @indent.auto
