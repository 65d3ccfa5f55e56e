#!/usr/bin/env bash
# ops/install says nothing where nothing is missing, and prints the line to run where it may not install.
# Usage: install_test.sh ROOT
set -euo pipefail
root=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
  echo "FAILED: $*"
  exit 1
}

# fake NAME: a program of this name, its text on standard input, found before the real one.
fake() {
  { echo '#!/bin/sh'; cat; } >"$work/$1"
  chmod +x "$work/$1"
}
install() { PATH=$work:$PATH "$root/ops/install" "$@" </dev/null 2>&1; }

# shellcheck disable=SC2016 # the fake expands it
fake dpkg-query <<<'shift 3; for package; do echo "$package installed"; done'
output=$(install run) || fail "with everything there: exit code $?"
[ -z "$output" ] || fail "with everything there it speaks: $output"

# shellcheck disable=SC2016 # the fake expands it
fake dpkg-query <<<'shift 3; for package; do [ "$package" = cmake ] || echo "$package installed"; done'
fake id <<<'echo 1000'
fake sudo <<<'exit 1'
fake apt-get <<<'echo "apt-get was called"'
code=0
output=$(install run) || code=$?
[ "$code" = 2 ] || fail "without root and sudo: expected exit code 2, got $code: $output"
[[ $output == *$'\napt-get update && '*' apt-get install '*' cmake' ]] || fail "expected the line to run, got: $output"
[[ $output != *"was called"* ]] || fail "it installed without being root"
echo "well"
