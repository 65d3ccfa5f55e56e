#!/usr/bin/env bash
# Two venues side by side: the second takes free ports; a signal to one stops all of it and nothing else; its data is
# found again. Usage: stop_test.sh ROOT BIN
set -euo pipefail
root=$1
export CONVOKE_BIN=$2
work=$(mktemp -d)
runs=()

clean_up() {
  kill "${runs[@]}" 2>/dev/null || true
  wait
  rm -rf "$work"
}
trap clean_up EXIT

fail() {
  echo "FAILED: $*"
  tail -n 40 "$work"/*.out
  exit 1
}

# open NAME: a venue with data in $work/NAME; returns when its story has begun.
open() {
  local deadline=$((SECONDS + 60))
  : >"$work/$1.out"
  set -m # as at a terminal: a process group of its own, and Ctrl-C is heard
  "$root/ops/run" --no-build --phones 10 --data "$work/$1" >"$work/$1.out" 2>&1 &
  runs+=($!)
  opened=$!
  set +m
  until grep -q 'watching site' "$work/$1.out"; do
    kill -0 "$opened" 2>/dev/null || fail "venue $1 ended at its start"
    [ "$SECONDS" -lt "$deadline" ] || fail "venue $1 did not start in time"
    sleep 0.1
  done
}

# Processes that were started for the venue: its data folder is in their command lines.
processes_of() { pgrep -f -- "$work/$1[/ ]" || true; }

# mqtt_port NAME: of the venue, whose broker's files may lie elsewhere.
mqtt_port() { grep -o '"mqtt":"[^"]*"' "$work/$1/run.json" | grep -oE '[0-9]+"' | tr -d '"'; }
is_open() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# is_gone NAME PORT: nothing of the venue is left, and its broker neither.
is_gone() {
  [ -z "$(processes_of "$1")" ] || fail "left over: $(processes_of "$1")"
  ! is_open "$2" || fail "the broker of the $1 venue is left over on port $2"
}

areas_of() { "$CONVOKE_BIN/convokectl" --data "$work/$1" area list --json; }

open first
first=$opened
open second
areas_of first >/dev/null || fail "the first venue does not answer"
areas_of second >/dev/null || fail "the second venue does not answer"
! grep -qF "$(grep -o '"http":"[^"]*"' "$work/first/run.json")" "$work/second/run.json" || fail "both venues have the same port"
grep -q 'is occupied' "$work/second.out" || fail "the second venue does not say that it takes other ports"

port=$(mqtt_port first)
is_open "$port" || fail "the first venue's broker is not on port $port"
keys=$(cksum <"$work/first/keys/signing.jwks")
kill -TERM "$first"
wait "$first" && fail "a stopped venue should not say success"
is_gone first "$port"
areas_of second >/dev/null || fail "the other venue was stopped too"
! areas_of first >/dev/null 2>&1 || fail "the first venue still answers"

open first
[ "$(cksum <"$work/first/keys/signing.jwks")" = "$keys" ] || fail "the keys were made anew"
areas_of first | grep -q main-stage || fail "the areas are gone"

port=$(mqtt_port first)
kill -INT -- "-$opened" # Ctrl-C: to the whole foreground process group
code=0
wait "$opened" || code=$?
[ "$code" = 130 ] || fail "Ctrl-C: expected exit code 130, got $code"
is_gone first "$port"
echo "well"
