" vim -Nu NONE -es -S vim.vim: opens plans with the files of vim/ (or, in Neovim, neovim/) and looks at what came of it.
" Prints what is wrong, and leaves with status 1 then.
let s:root = expand('<sfile>:p:h:h:h')
let s:problems = []

function! s:Expect(what, got, wanted) abort
  if a:got !=# a:wanted
    call add(s:problems, a:what . ': ' . string(a:got) . ' instead of ' . string(a:wanted))
  endif
endfunction

function! s:Finish() abort
  call writefile(s:problems, '/dev/stderr')
  execute empty(s:problems) ? 'qall!' : 'cquit!'
endfunction

" The groups of a place, the outermost first.
function! s:Groups(line, text) abort
  let column = stridx(getline(a:line), a:text) + 1
  return map(synstack(a:line, column), 'substitute(synIDattr(v:val, "name"), "^rollout", "", "")')
endfunction

let &runtimepath = s:root . '/editor-support/' . (has('nvim') ? 'neovim' : 'vim') . ',' . &runtimepath
let g:rollout_no_treesitter = 1
try
  filetype plugin indent on
  syntax on

  execute 'edit' s:root . '/editor-support/vscode/test/page.rollout'
  call s:Expect('the file type', &filetype, 'rollout')
  call s:Expect('the comments', &commentstring, '# %s')
  call s:Expect('the command of :make', &makeprg, 'rolloutc check --format short %:S')
  for [s:line, s:text, s:wanted] in [
        \ [1, '##', ['DocComment']], [2, 'use', ['Keyword']], [2, '# a', ['Comment']], [5, 'param', ['Declaration']],
        \ [5, 'string', ['Type']], [5, '\u{', ['String', 'Escape']], [5, '1 +', ['String', 'Insert', 'Quantity']],
        \ [9, 'metric', ['Declaration']], [9, 'p95', ['Function']], [10, 'rate', ['Lines']],
        \ [10, 'endpoint', ['Lines', 'Insert']], [11, '15s', ['Quantity']], [12, 'every', ['Function']],
        \ [15, 'timeout', ['Label']], [17, 'idempotent', ['Modifier']], [18, 'kubectl', ['Command']],
        \ [24, '22:00', ['Quantity']], [25, '2026-12-27', ['Quantity']], [26, 'when', ['Conditional']],
        \ [26, '2%/h', ['Quantity']], [26, 'rollback', ['Outcome']], [27, 'baseline', ['Call']],
        \ [34, 'every', ['Call']], [38, 'retry', []]]
    call s:Expect(s:line . ' ' . s:text, s:Groups(s:line, s:text), s:wanted)
  endfor

  " What the compiler says becomes a list of places.
  let &g:errorformat = &l:errorformat
  cgetexpr ["page.rollout:5:17: error[E0119]: `=` where a comparison needs `==`", 'page.rollout:7:1: warning[W0404]: w']
  call s:Expect('the quickfix list', map(getqflist(), '[v:val.lnum, v:val.col, v:val.type, v:val.nr]'),
        \ [[5, 17, 'e', 119], [7, 1, 'w', 404]])

  " Plans that are formatted keep their indentation, and nothing in them looks wrong.
  for s:file in map(['fleet/fleet', 'minimal/minimal', 'signals/signals'], 's:root . "/examples/" . v:val . ".rollout"')
    execute 'edit!' s:file
    let s:before = getline(1, '$')
    silent normal! gg=G
    for s:line in range(1, line('$'))
      call s:Expect(s:file . ':' . s:line, getline(s:line), s:before[s:line - 1])
    endfor
    for s:line in range(1, line('$'))
      let s:column = match(getline(s:line), '\<\d')
      if s:column >= 0 && index(s:Groups(s:line, getline(s:line)[s:column :]), 'NumberError') >= 0
        call add(s:problems, s:file . ':' . s:line . ': a sound number looks wrong')
      endif
    endfor
  endfor
catch
  call add(s:problems, v:throwpoint . ': ' . v:exception)
endtry
call s:Finish()
