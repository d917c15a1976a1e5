#!/usr/bin/env bash
# The order processing example against a real PostgreSQL, end to end: ROLLOUT names the command to test (default: build/bin/rollout).
set -euo pipefail
cd "$(dirname "$0")/../.."
exec python3 tests/e2e/order_processing.py ${ROLLOUT:+--rollout "$ROLLOUT"} "$@"
