#!/usr/bin/env bash
# Kill -9 in the middle of canary releases, 20 times unless told (--cycles N): ROLLOUT names the command to test (default: build/bin/rollout).
set -euo pipefail
cd "$(dirname "$0")/../.."
exec python3 tests/e2e/kill_cycles.py ${ROLLOUT:+--rollout "$ROLLOUT"} "$@"
