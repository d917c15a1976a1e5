#!/bin/sh
# build-parser.sh [FOLDER]: compiles the Tree-sitter parser into FOLDER/parser/rollout.so; FOLDER is where this script is unless given.
set -eu
here=$(cd "$(dirname "$(readlink -f "$0")")" && pwd)
source="$here/../tree-sitter-rollout/src"
mkdir -p "${1:-$here}/parser"
cc -O2 -fPIC -shared -I "$source" -o "${1:-$here}/parser/rollout.so" "$source/parser.c" "$source/scanner.c"
