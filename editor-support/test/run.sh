#!/bin/sh
# run.sh EDITOR: the tests of vim/, neovim/ or emacs/, without a screen. EDITOR: vim, neovim or emacs.
set -eu
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# No editor finds a configuration or leaves a trace at home.
export HOME="$folder" XDG_CONFIG_HOME="$folder/config" XDG_DATA_HOME="$folder/data" XDG_STATE_HOME="$folder/state"
case "${1:-}" in
  vim) vim -Nu NONE -i NONE -es -S test/vim.vim ;;
  neovim)
    nvim --headless -u NONE -i NONE -S test/vim.vim
    neovim/build-parser.sh "$folder"
    FOLDER="$folder" SERVER="$PWD/test/server.py" nvim --headless -u NONE -i NONE -c 'luafile test/neovim.lua'
    ;;
  emacs) emacs -Q --batch -L emacs -l test/emacs.el -f ert-run-tests-batch-and-exit ;;
  *)
    echo "run.sh: \`${1:-}\` is none of vim, neovim, emacs" >&2
    exit 2
    ;;
esac
