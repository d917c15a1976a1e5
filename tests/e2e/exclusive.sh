#!/usr/bin/env bash
# A newer run of an exclusive key: it may begin when the older one has succeeded, and ends what that one still had to do
# unless it is for always. ROLLOUT names the command to test (default: build/bin/rollout).
set -euo pipefail
cd "$(dirname "$0")/../.."
rollout=$(readlink -f "${ROLLOUT:-build/bin/rollout}")
work=$(mktemp -d)
older=
trap '[ -z "$older" ] || kill "$older" 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"

fail() {
  printf 'exclusive: %s\n' "$1" >&2
  cat ./*.log >&2
  exit 1
}

wait_for() { # WHAT SECONDS COMMAND...
  local what=$1 until=$((SECONDS + $2))
  shift 2
  until "$@"; do
    [ "$SECONDS" -lt "$until" ] || fail "$what did not happen in time"
    sleep 0.2
  done
}

cat >shop.rollout <<'END'
rollout shop {
  exclusive "production/shop"
  stage all { idempotent run `true` }
  at success + 1h { idempotent run `touch looked-again` }
  at success + 12s always { idempotent run `touch cleaned-up` }
}
END

"$rollout" run shop.rollout --yes --state state >older.log 2>&1 &
older=$!
wait_for "the first run's success" 60 sh -c '"$0" list --state state 2>/dev/null | grep -q "following up"' "$rollout"
"$rollout" run shop.rollout --yes --state state --rollout shop >newer.log 2>&1 &
newer=$!
wait_for "the newer run's success" 60 sh -c '"$0" list --state state 2>/dev/null | grep -c "following up" | grep -qx 2' "$rollout"
wait_for "the end of the older run" 60 sh -c '! kill -0 "$0" 2>/dev/null' "$older"
wait "$older" || fail "the older run did not end well"
older=
kill "$newer"
wait "$newer" || true
[ -e cleaned-up ] || fail "what is for always was not done"
"$rollout" log shop-1 --state state >log.log 2>&1
grep -q 'shop-2 is the newer run' log.log || fail "the journal does not say why"
printf 'a newer run ends the schedules of the older one\n'
