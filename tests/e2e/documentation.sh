#!/usr/bin/env bash
# The code of the documentation: ROLLOUT and ROLLOUTC name the commands to test (default: build/bin/).
set -euo pipefail
cd "$(dirname "$0")/../.."
exec python3 tests/e2e/documentation.py ${ROLLOUT:+--rollout "$ROLLOUT"} ${ROLLOUTC:+--rolloutc "$ROLLOUTC"} "$@"
