#!/usr/bin/env bash
# Kill -9 and resume, end to end: ROLLOUT names the command to test (default: build/bin/rollout).
set -euo pipefail
cd "$(dirname "$0")/../.."
exec python3 tests/e2e/crash.py ${ROLLOUT:+--rollout "$ROLLOUT"} "$@"
