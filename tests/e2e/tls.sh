#!/usr/bin/env bash
# Mail and HTTPS over real TLS: see tls.py.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
exec python3 "$root/tests/e2e/tls.py" --rollout "${ROLLOUT:-$root/build/bin/rollout}" "$@"
