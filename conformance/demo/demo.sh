#!/usr/bin/env bash
# The demo as a new user runs it: every scenario, as data, and every check in it true.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
out=$(mktemp)
trap 'rm -f "$out"' EXIT
./lispctl version >/dev/null # builds, if that is still to be done, outside of the minute that the demo has
if ! timeout 60 ./lispctl demo --scenario all --exit -o json >"$out"; then
  echo "demo.sh: ✗ the demo failed, or took longer than a minute" >&2
  jq -r '.scenarios[]? | .name as $s | .checks[] | select(.ok | not) | "  ✗ \($s): \(.name): \(.value) \(.unit)"' "$out" >&2 || cat "$out" >&2
  exit 1
fi
jq -er '.scenarios[] | .name as $s | .checks[] | "  \(if .ok then "✓" else "✗" end) \($s): \(.name): \(.value) \(.unit)"' "$out"
jq -e '[.scenarios[].checks[].ok] | length > 40 and all' "$out" >/dev/null || {
  echo "demo.sh: ✗ a check did not hold" >&2
  exit 1
}
echo "demo.sh: ✓ $(jq '[.scenarios[].checks[]] | length' "$out") checks held"
