#!/usr/bin/env bash
# The library's modules against their worlds: `run.sh [MODULE...]`, all of them unless told. ROLLOUT names the command to test (default:
# build/bin/rollout). Exits 1 where a case fails, and 77 where a program is not installed: what was not tested is told, and is no success.
set -uo pipefail
cd "$(dirname "$0")/../.."
status=0
skipped=()
[ "$#" -gt 0 ] || set -- $(cd tests/std && ls test_*.py | sed 's/^test_\(.*\)\.py$/\1/')
for module in "$@"; do
  python3 "tests/std/test_$module.py" ${ROLLOUT:+--rollout "$ROLLOUT"}
  case $? in
    0) ;;
    77) skipped+=("$module") ;;
    *) status=1 ;;
  esac
done
if [ "${#skipped[@]}" -gt 0 ]; then
  echo "skipped: ${skipped[*]}"
  [ "$status" -ne 0 ] || status=77
fi
exit "$status"
