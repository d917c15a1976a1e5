" `:make` checks the plan of the buffer and puts what is wrong in the quickfix list.
if exists('current_compiler')
  finish
endif
let current_compiler = 'rolloutc'

CompilerSet makeprg=rolloutc\ check\ --format\ short\ %:S
CompilerSet errorformat=%f:%l:%c:\ %trror[E%n]:\ %m,%f:%l:%c:\ %tarning[W%n]:\ %m
