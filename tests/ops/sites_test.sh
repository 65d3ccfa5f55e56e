#!/usr/bin/env bash
# R-34: `ops/run --sites 3 --exit` sees one chat of three joined sites from start to end, on every site's phones.
# Usage: sites_test.sh ROOT BIN
set -euo pipefail
root=$1
export CONVOKE_BIN=$2

output=$("$root/ops/run" --sites 3 --exit --no-build --phones 12) || { printf '%s\n' "$output"; echo "ops/run --sites 3 --exit failed"; exit 1; }
printf '%s\n' "$output"
last=${output##*$'\n'}
[[ $last == '{"ok":true,"sites":{'* ]] || { echo "expected the last line to be a JSON object with \"ok\":true"; exit 1; }
for site in hall arena club; do
  [[ $last == *"\"$site\":{\"ok\":true"*'"other_sites":2'* ]] || { echo "expected site $site to have seen a chat with two others"; exit 1; }
done
