#!/usr/bin/env bash
# Real signals and channels end to end: ROLLOUT names the command to test (default: build/bin/rollout).
set -euo pipefail
cd "$(dirname "$0")/../.."
exec python3 tests/e2e/signals.py ${ROLLOUT:+--rollout "$ROLLOUT"} "$@"
