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

# all_but PACKAGE [VERSION]: every package is installed but this one; that version of libphonenumber, or the real one.
all_but() {
  local version='exec /usr/bin/dpkg-query "$@"'
  [ $# -lt 2 ] || version="echo '$2'; exit"
  fake dpkg-query <<TEXT
case \$3 in *Version*) $version ;; esac
shift 3
for package; do [ "\$package" = "$1" ] || echo "\$package installed"; done
TEXT
}

all_but nothing
output=$(install run) || fail "with everything there: exit code $?"
[ -z "$output" ] || fail "with everything there it speaks: $output"

all_but cmake
fake id <<<'echo 1000'
fake sudo <<<'exit 1'
fake apt-get <<<'echo "apt-get was called"'
code=0
output=$(install run) || code=$?
[ "$code" = 2 ] || fail "without root and sudo: expected exit code 2, got $code: $output"
[[ $output == *$'\napt-get update && '*' apt-get install '*' cmake' ]] || fail "expected the line to run, got: $output"
[[ $output != *"was called"* ]] || fail "it installed without being root"

all_but nothing 0.unknown
code=0
output=$(install run) || code=$?
[ "$code" = 2 ] || fail "without headers of the library's version: expected exit code 2, got $code: $output"
[[ $output == *' apt-get install '*$' libphonenumber8\nand then, '*': ops/install' ]] || fail "expected two lines to run, got: $output"
echo "well"
