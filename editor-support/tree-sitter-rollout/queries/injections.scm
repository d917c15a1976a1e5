; Queries of Prometheus.
((call
  function: (member (identifier) @_module member: (identifier) @_function)
  arguments: (arguments . (argument . (string (string_content) @injection.content))))
  (#eq? @_module "prometheus")
  (#eq? @_function "query")
  (#set! injection.language "promql"))

; Scripts: no part of them is ever an insert.
((call
  function: (identifier) @_function
  arguments: (arguments . (argument . (string (string_content) @injection.content))))
  (#eq? @_function "shell")
  (#set! injection.language "bash"))

; Commands have no shell, but its words and quotes. SQL that is handed to psql is one of those words.
((command) @injection.content
  (#offset! @injection.content 0 1 0 -1)
  (#set! injection.include-children)
  (#set! injection.language "bash"))

((doc_comment) @injection.content
  (#offset! @injection.content 0 2 0 0)
  (#set! injection.language "markdown_inline"))
