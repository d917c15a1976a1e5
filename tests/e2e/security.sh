#!/usr/bin/env bash
# A bad actor's day, end to end: ROLLOUT and ROLLOUTC name the commands to test (default: build/bin/).
set -euo pipefail
cd "$(dirname "$0")/../.."
exec python3 tests/e2e/security.py ${ROLLOUT:+--rollout "$ROLLOUT"} ${ROLLOUTC:+--rolloutc "$ROLLOUTC"} "$@"
