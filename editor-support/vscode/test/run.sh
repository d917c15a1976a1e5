#!/bin/sh
# run.sh [ROLLOUTC]: installs what the tests need from npm, and runs them; with a compiler, also what needs one.
set -eu
if [ "$#" -gt 0 ]; then
  ROLLOUTC=$(realpath "$1")
  export ROLLOUTC
fi
cd "$(dirname "$0")/.."
[ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --ignore-scripts --no-audit --no-fund
npm test
