#!/usr/bin/env bash
# ops/run refuses what it could only fail with, and leaves folders alone that it has not made.
# Usage: usage_test.sh ROOT BIN
set -euo pipefail
root=$1
export CONVOKE_BIN=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
  echo "FAILED: $*"
  exit 1
}

# refuses TEXT OPTION…: exit code 2, and TEXT in what it says.
refuses() {
  local text=$1 output code=0
  shift
  output=$("$root/ops/run" --no-build "$@" 2>&1) || code=$?
  [ "$code" = 2 ] || fail "$*: expected exit code 2, got $code: $output"
  [[ $output == *"$text"* ]] || fail "$*: expected '$text' in: $output"
}

touch "$work/areas" "$work/fixes"
refuses '--phones' --phones 0
refuses 'the broker takes 19000 connections' --phones 19000
refuses '--sites' --sites 9
refuses 'leave --areas' --sites 2 --areas "$work/areas"
refuses '--speed' --areas "$work/areas" --fixes "$work/fixes" --speed 0
refuses '--speed' --areas "$work/areas" --fixes "$work/fixes" --speed 0.00
refuses "cannot read $work/none" --script "$work/none"
refuses "cannot read $work/none" --settings "$work/none"
refuses 'leave --areas' --sites 2 --settings "$work/areas"

mkdir -p "$work/home/replay"
echo "mine" >"$work/home/replay/letter"
chmod 700 "$work/home"
refuses 'expected an empty folder' --areas "$work/areas" --fixes "$work/fixes" --data "$work/home"
[ "$(cat "$work/home/replay/letter")" = mine ] || fail "it deleted what it had not made"
[ "$(stat -c %a "$work/home")" = 700 ] || fail "it changed the rights of a folder that it had not made"
echo "well"
