" Colours for Rollout plans. Most words of the language are words in their place alone: one that is called, reached into,
" assigned or a label is a name.
if exists('b:current_syntax')
  finish
endif
syntax case match
syntax sync fromstart

syntax match rolloutNumberError /\<\d\w*\>/
syntax match rolloutQuantity /\<\d\+\%(_\d\+\)*\%(\.\d\+\)\?\%([kKMGT]i\?B\|B\|%\)\?\%(\/[smhdw]\)\?\w\@!/
syntax match rolloutQuantity /\<\%(\d\+\%(_\d\+\)*\%(\.\d\+\)\?\%(ns\|us\|ms\|s\|m\|h\|d\|w\)\)\+\w\@!/
syntax match rolloutQuantity /\<[0-2]\d:[0-5]\d\w\@!/
syntax match rolloutQuantity /\<\d\{4}-\d\d-\d\dT\d\d:\d\d\%(:\d\d\%(\.\d\+\)\?\)\?\%(Z\|[+-]\d\d:\d\d\)\w\@!/

syntax match rolloutOperator /==\|!=\|<=\|>=\|->\|\.\.\|[-+*\/<>=]/

let s:end = '\>\%([(\[.]\|\s*=[^=]\|\s*:\)\@!/'
let s:words = {
      \ 'rolloutKeyword': 'ack acknowledge acknowledged after all always answer approve approved as ask at back baseline because '
      \   . 'before by blind called check checklist contact crash critical description done during end environment error every '
      \   . 'exclusive expect expires failed fails failure fallback freeze from hangs hold incomplete info item link matching '
      \   . 'most never notified notify of on over owner parallel past plugin probe promote reached reject repeat require '
      \   . 'requires rest resume retry return returns rolled rolling run sample samples service setting severity slots stale '
      \   . 'start starts succeeded succeeds success tick timeout times to traffic undo unit unless use verify via warmup '
      \   . 'warning watch window with within absent aborted paused day time x',
      \ 'rolloutDeclaration': 'action channel check enum fn guards metric param record role rollout scenario secret source stage world',
      \ 'rolloutModifier': 'readonly idempotent irreversible',
      \ 'rolloutOutcome': 'rollback abort pause continue',
      \ 'rolloutConstant': 'missing',
      \ }
for [s:group, s:list] in items(s:words)
  execute 'syntax match' s:group '/\.\@1<!\<\%(' . join(split(s:list), '\|') . '\)' . s:end
endfor
unlet s:end s:words s:group s:list

syntax match rolloutDeclaration /\.\@1<!\<let\>/
syntax match rolloutConditional /\.\@1<!\<\%(if\|else\|when\|then\)\>/
syntax match rolloutRepeat /\.\@1<!\<\%(each\|for\|until\)\>/
syntax match rolloutWordOperator /\.\@1<!\<\%(and\|or\|not\|in\|is\|above\|below\)\>/
syntax match rolloutConstant /\.\@1<!\<\%(true\|false\|_\)\>/

syntax match rolloutCall /\<\h\w*(\@=/
syntax match rolloutLabel /\.\@1<!\<\h\w*\%(\s*:\)\@=/
syntax match rolloutType /\%(:\s*\)\@<=\<\%(bool\|number\|ratio\|duration\|size\|instant\|string\|command\|json\|secret\|rate\)\>/
syntax match rolloutType /\%(:\s*\)\@<=\<time of day\>/
syntax match rolloutFunction /\%(\<\%(action\|channel\|check\|fn\|guards\|metric\|source\)\s\+\)\@<=\h\w*/
syntax match rolloutStructure /\%(\<\%(enum\|record\|rollout\|stage\|world\)\s\+\)\@<=\h\w*/
syntax match rolloutDeclaration /\.\@1<!\<on\s\+\%(stage\s\+done\|rolling\s\+back\|rollback\s\+incomplete\|fallback\|start\|stage\|pause\|resume\|rollback\|success\|failure\|missing\)\>/

syntax match rolloutEscape /\\\%([nrt"\\$]\|u{\x\+}\)/ contained
syntax match rolloutLinesEscape /\\\%(${\|"""\)/ contained
syntax match rolloutCommandEscape /\\./ contained
syntax match rolloutCommandEscape /\\$/ contained
syntax region rolloutInsert matchgroup=rolloutInsertMark start=/${/ end=/}/ contained contains=TOP
syntax region rolloutString start=/"/ skip=/\\["\\$]/ end=/"/ oneline contains=rolloutEscape,rolloutInsert
syntax region rolloutLines start=/"""/ skip=/\\"""/ end=/"""/ contains=rolloutLinesEscape,rolloutInsert
syntax region rolloutCommand start=/`/ skip=/\\./ end=/`/ contains=rolloutCommandEscape,rolloutInsert

syntax match rolloutComment /#.*/ contains=rolloutTodo,@Spell
syntax match rolloutDocComment /##.*/ contains=rolloutTodo,@Spell
syntax keyword rolloutTodo TODO FIXME XXX contained

highlight default link rolloutComment Comment
highlight default link rolloutDocComment SpecialComment
highlight default link rolloutTodo Todo
highlight default link rolloutString String
highlight default link rolloutLines String
highlight default link rolloutCommand String
highlight default link rolloutEscape SpecialChar
highlight default link rolloutLinesEscape SpecialChar
highlight default link rolloutCommandEscape SpecialChar
highlight default link rolloutInsertMark Special
highlight default link rolloutQuantity Number
highlight default link rolloutNumberError Error
highlight default link rolloutKeyword Keyword
highlight default link rolloutDeclaration Statement
highlight default link rolloutModifier StorageClass
highlight default link rolloutOutcome Exception
highlight default link rolloutConstant Constant
highlight default link rolloutConditional Conditional
highlight default link rolloutRepeat Repeat
highlight default link rolloutWordOperator Operator
highlight default link rolloutOperator Operator
highlight default link rolloutCall Function
highlight default link rolloutFunction Function
highlight default link rolloutStructure Structure
highlight default link rolloutLabel Identifier
highlight default link rolloutType Type

let b:current_syntax = 'rollout'
