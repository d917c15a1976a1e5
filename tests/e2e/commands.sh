#!/usr/bin/env bash
# What people type, end to end: ROLLOUT and ROLLOUTC name the commands to test (default: build/bin/).
set -euo pipefail
cd "$(dirname "$0")/../.."
exec python3 tests/e2e/commands.py ${ROLLOUT:+--rollout "$ROLLOUT"} ${ROLLOUTC:+--rolloutc "$ROLLOUTC"} "$@"
