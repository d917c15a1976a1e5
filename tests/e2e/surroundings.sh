#!/usr/bin/env bash
# Stopped processes, full and read-only disks, lost journals, orphans: ROLLOUT names the command to test (default: build/bin/rollout).
set -euo pipefail
cd "$(dirname "$0")/../.."
exec python3 tests/e2e/surroundings.py ${ROLLOUT:+--rollout "$ROLLOUT"} "$@"
