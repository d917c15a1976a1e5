#!/bin/sh
# run.sh EDITOR [ROLLOUTC]: the tests of vim/, neovim/ or emacs/, without a screen. EDITOR: vim, neovim or emacs.
# With a compiler also a session with its language server, on a copy of examples/portal-api.
set -eu
rolloutc=${2:+$(realpath "$2")}
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# No editor finds a configuration or leaves a trace at home.
export HOME="$folder" XDG_CACHE_HOME="$folder/cache" XDG_CONFIG_HOME="$folder/config" XDG_DATA_HOME="$folder/data" XDG_STATE_HOME="$folder/state"
if [ -n "$rolloutc" ]; then
  export ROLLOUTC="$rolloutc" PLANS="$folder/plans"
  mkdir -p "$PLANS/.git"
  cp ../examples/portal-api/portal-api.rollout "$PLANS"
  cat >"$PLANS/objectives.rollout" <<'END'
use "./portal-api.rollout" as plan

## What the service promises.
guards objectives {
  when plan.errors_5xx > 2% for 5m then rollback
}
END
fi
case "${1:-}" in
  vim) vim -Nu NONE -i NONE -es -S test/vim.vim ;;
  neovim)
    nvim --headless -u NONE -i NONE -S test/vim.vim
    neovim/build-parser.sh "$folder"
    FOLDER="$folder" SERVER="$PWD/test/server.py" nvim --headless -u NONE -i NONE -c 'luafile test/neovim.lua'
    [ -z "$rolloutc" ] || nvim --headless -u NONE -i NONE -c 'luafile test/neovim_session.lua'
    ;;
  emacs)
    emacs -Q --batch -L emacs -l test/emacs.el -f ert-run-tests-batch-and-exit
    # Debian's packages of Emacs are where -Q does not look.
    [ -z "$rolloutc" ] || emacs -q --no-site-file --batch -L emacs -l test/emacs_session.el -f ert-run-tests-batch-and-exit
    ;;
  *)
    echo "run.sh: \`${1:-}\` is none of vim, neovim, emacs" >&2
    exit 2
    ;;
esac
