#!/usr/bin/env bash
# The playground as an end-to-end test: ROLLOUT names the command to test (default: build/bin/rollout).
set -euo pipefail
cd "$(dirname "$0")/../.."
exec python3 tests/e2e/playground.py ${ROLLOUT:+--rollout "$ROLLOUT"} "$@"
