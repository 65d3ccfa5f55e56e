#!/usr/bin/env bash
# R-1, R-2, R-3: `ops/run --exit` sees a whole chat life on real parts and says so in its last line.
# Usage: one_life_test.sh ROOT BIN
set -euo pipefail
root=$1
export CONVOKE_BIN=$2

output=$("$root/ops/run" --exit --no-build --phones 40) || { printf '%s\n' "$output"; echo "ops/run --exit failed"; exit 1; }
printf '%s\n' "$output"
last=${output##*$'\n'}
[[ $last == '{'*'"ok":true'*'}' ]] || { echo "expected the last line to be a JSON object with \"ok\":true"; exit 1; }
