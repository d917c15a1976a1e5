#!/usr/bin/env bash
# Plugins end to end: ROLLOUT and ROLLOUTC name the commands to test (default: those in build/bin).
set -euo pipefail
cd "$(dirname "$0")/../.."
exec python3 tests/e2e/plugins.py ${ROLLOUT:+--rollout "$ROLLOUT"} ${ROLLOUTC:+--rolloutc "$ROLLOUTC"} "$@"
