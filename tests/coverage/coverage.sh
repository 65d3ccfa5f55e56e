#!/usr/bin/env bash
# Which tests show which requirement, from the tests' names: prints docs/coverage.md. With --check: fails where that
# file is not what this prints.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

# Every test with a requirement in its name: "folder suite.name", the folder being that of its source below tests/.
named_tests() {
  cd "$root/tests"
  grep -roE --include='*_test.cc' 'TEST(_F|_P)?\([A-Za-z0-9_]+, R[0-9]+_[A-Za-z0-9_]+\)' . |
    sed -E 's|^\./([a-z_]+)/.*:TEST(_F\|_P)?\(([A-Za-z0-9_]+), ([A-Za-z0-9_]+)\)|\1 \3.\4|' | sort
}

# tests_of WHERE NUMBERS…: names of those tests, in a cell of a table. WHERE is a pattern for the folder.
tests_of() {
  local where=$1 numbers
  shift
  numbers=$(printf '%s\n' "$@" | sed 's/-//' | paste -sd'|')
  awk -v where="^($where)\$" -v numbers="^($numbers)\$" '
    $1 ~ where {
      split(substr($2, index($2, ".") + 1), parts, "_")
      for (i in parts) if (parts[i] ~ numbers) { out = out (out == "" ? "" : ", ") "`" $2 "`"; break }
    }
    END { print out == "" ? "none yet" : out }' <<<"$tests"
}

tests=$(named_tests)

print_page() {
  cat <<'TEXT'
# Which tests show which requirement

Made by `tests/coverage/coverage.sh` from the tests' names. A requirement is met when a test with the real broker, the real
server and the real SDK shows it; `ctest -R R11_` runs what is about one.

| requirement | the system … | end to end | in parts |
| --- | --- | --- | --- |
TEXT
  local numbers text
  while IFS='|' read -r numbers text; do
    # shellcheck disable=SC2086 # one word for each number
    printf '| %s |%s | %s | %s |\n' "$(sed 's/ *$//; s/ /, /g' <<<"$numbers")" "$text" \
      "$(tests_of integration $numbers)" "$(tests_of 'unit|fuzz|oracle|simulation' $numbers)"
  done <"$root/tests/coverage/requirements.txt"
}

if [ "${1:-}" = --check ]; then
  diff -u "$root/docs/coverage.md" <(print_page) || {
    echo "docs/coverage.md does not say what the tests do: tests/coverage/coverage.sh > docs/coverage.md" >&2
    exit 1
  }
else
  print_page
fi
