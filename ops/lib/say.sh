# shellcheck shell=bash
# What is said to the person at the terminal. Sourced.

say() { printf '%s\n' "$*"; }
warn() { printf '%s\n' "$*" >&2; }

die() {
  warn "${0##*/}: $*"
  exit 1
}

usage_error() {
  warn "${0##*/}: $*"
  warn "See: $0 --help"
  exit 2
}

# "75" -> "1 min 15 s"
duration() {
  if [ "$1" -lt 60 ]; then printf '%d s' "$1"; else printf '%d min %d s' $(($1 / 60)) $(($1 % 60)); fi
}
