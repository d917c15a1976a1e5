autocmd BufNewFile,BufRead *.rollout setfiletype rollout
