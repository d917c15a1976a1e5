#!/usr/bin/env bash
# Runs every case of this folder: NAME.case holds the arguments of a command, one case a file, NAME.expected what it must print
# and its exit status. Cases run in tests/cli/files.
#
#   tests/cli/run.sh PROGRAM [--update] [NAME...]      --update writes what is printed as what is expected
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
program=$(realpath "$1")
shift
update=
if [ "${1:-}" = --update ]; then
  update=yes
  shift
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export COLUMNS=100 LC_ALL=C.UTF-8 OUT="$scratch/out"
cp -r "$here/files" "$scratch/files"
mkdir -p "$OUT"

# A case is a line of shell with `rolloutc` as the program, so that it reads as what a person types.
run_case() {
  rolloutc() { "$program" "$@"; }
  cd "$scratch/files" || exit 1
  source "$1" >"$scratch/stdout" 2>"$scratch/stderr"
}

transcript() {
  (run_case "$1" </dev/null)
  local status=$?
  sed 's/^/$ /' "$1"
  sed "s|$scratch|SCRATCH|g" "$scratch/stdout"
  [ ! -s "$scratch/stderr" ] || { echo "--- stderr"; sed "s|$scratch|SCRATCH|g" "$scratch/stderr"; }
  echo "--- exit $status"
}

names=("$@")
[ "${#names[@]}" -gt 0 ] || names=($(cd "$here" && ls -- *.case | sed 's/\.case$//'))
failures=0
for name in "${names[@]}"; do
  transcript "$here/$name.case" >"$scratch/actual"
  if [ -n "$update" ]; then
    cp "$scratch/actual" "$here/$name.expected"
  elif ! diff -u --label "$name.expected" --label "now" "$here/$name.expected" "$scratch/actual"; then
    failures=$((failures + 1))
    echo "to look at it alone: tests/cli/run.sh $program $name"
  fi
done
echo "${#names[@]} cases, $failures differ"
[ "$failures" -eq 0 ]
