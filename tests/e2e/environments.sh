#!/usr/bin/env bash
# One plan in several environments, end to end: ROLLOUT names the command to test (default: build/bin/rollout).
set -euo pipefail
cd "$(dirname "$0")/../.."
exec python3 tests/e2e/environments.py ${ROLLOUT:+--rollout "$ROLLOUT"} "$@"
