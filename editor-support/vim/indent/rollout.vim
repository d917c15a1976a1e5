" Indentation of Rollout plans: two blanks for each line that has opened a bracket, two more for a clause on a line of its own.
if exists('b:did_indent')
  finish
endif
let b:did_indent = 1

setlocal indentexpr=RolloutIndent(v:lnum)
setlocal indentkeys=0{,0},0),0],!^F,o,O,e
let b:undo_indent = 'setlocal indentexpr< indentkeys<'

if exists('*RolloutIndent')
  finish
endif

let s:clause = '^\s*\%(and\|or\|else\|then\|for\|until\|within\|every\|retry\|timeout\|by\|severity\|ack\|blind\|repeat'
      \ . '\|unless\|over\|unit\|stale\|absent\|matching\)\>\%([(\[.]\|\s*=[^=]\|\s*:\)\@!'
let s:skip = 'synIDattr(synID(line("."), col("."), 0), "name") =~# "Comment\\|String\\|Lines\\|Command\\|Quantity"'

function! s:InText(line) abort
  let names = map(synstack(a:line, 1), 'synIDattr(v:val, "name")')
  return !empty(filter(names, 'v:val =~# "rolloutLines\\|rolloutCommand"'))
endfunction

" The line that has opened the innermost bracket around the head of a line; 0 where none is open. Looks back to the
" declaration that the line belongs to: the last one that begins at the margin.
function! s:OpenLine(line) abort
  call cursor(a:line, 1)
  let declaration = search('^\h', 'bnW')
  let best = 0
  for [open, close] in [['{', '}'], ['(', ')'], ['\[', '\]']]
    let at = searchpairpos(open, '', close, 'bnW', s:skip, declaration)
    if at != [0, 0] && (best is 0 || at[0] > best[0] || (at[0] == best[0] && at[1] > best[1]))
      let best = at
    endif
  endfor
  return best is 0 ? 0 : best[0]
endfunction

" Whether a line goes on with the statement before it.
function! s:GoesOn(line) abort
  let previous = prevnonblank(a:line - 1)
  if getline(a:line) =~# '^\s*check\>'
    return getline(previous) =~# '^\s*item\>'
  endif
  if getline(a:line) =~# s:clause
    " These two begin steps, too.
    if getline(a:line) =~# '^\s*\%(within\|every\)\>.*{\s*\%(#.*\)\?$' || getline(a:line) =~# '^\s*\%(within\|every\)\>.*}'
      return 0
    endif
    return previous > 0 && getline(previous) !~# '[{(\[,;]\s*\%(#.*\)\?$'
  endif
  return previous > 0 && getline(previous) =~# '\%([=+*/<>-]\|\<and\|\<or\)\s*$' && getline(previous) !~# '^\s*#'
endfunction

function! RolloutIndent(line) abort
  if s:InText(a:line)
    return -1
  endif
  let view = winsaveview()
  let open = s:OpenLine(a:line)
  call winrestview(view)
  if getline(a:line) =~# '^\s*[})\]]'
    return open == 0 ? 0 : indent(open)
  endif
  let base = open == 0 ? 0 : indent(open) + shiftwidth()
  return base + (s:GoesOn(a:line) ? shiftwidth() : 0)
endfunction
