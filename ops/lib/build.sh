# shellcheck shell=bash disable=SC2154  # root are the caller's
# Configures and builds with progress and the remaining time (ninja 1.11 cannot tell it). Sourced; needs say.sh.

# build PRESET TESTS(ON|OFF) TARGET…: programs end up in build/PRESET/bin.
build() {
  local preset=$1 tests=$2
  shift 2
  configure "$preset" "$tests" || return 1
  NINJA_STATUS='@%f %t %e ' ninja -C "$root/build/$preset" -j "$(build_jobs)" "$@" | show_progress
  return "${PIPESTATUS[0]}"
}

# Only if it was not done before: ninja itself runs CMake again when a CMake file has changed.
configure() {
  local preset=$1 tests=$2 cache=$root/build/$1/CMakeCache.txt
  if [ -e "$root/build/$preset/build.ninja" ]; then
    if [ "$tests" = OFF ] || grep -q '^CONVOKE_TESTS:BOOL=ON' "$cache"; then return 0; fi
  fi
  say "Configuring build/$preset"
  mkdir -p "$root/build/$preset"
  if ! (cd "$root" && cmake --preset "$preset" "-DCONVOKE_TESTS=$tests") >"$root/build/$preset/configure.log" 2>&1; then
    cat "$root/build/$preset/configure.log" >&2
    return 1
  fi
}

# One for each core, but no more than the memory carries: the largest files need nearly 1 GB.
build_jobs() {
  local cores memory_gb
  cores=$(nproc)
  memory_gb=$(awk '/^MemAvailable:/ { print int($2 / 1000000) }' /proc/meminfo)
  if [ "$memory_gb" -lt "$cores" ]; then cores=$((memory_gb > 0 ? memory_gb : 1)); fi
  echo "$cores"
}

# Ninja's lines in; a line that renews itself out (on no terminal: one line for each tenth). Anything else goes through.
show_progress() {
  local line tenth=-1
  while IFS= read -r line; do
    case $line in
      @*) progress_line "${line#@}" ;;
      'ninja: no work to do.' | 'ninja: Entering directory'*) ;;
      *) end_progress; say "$line" ;;
    esac
  done
  end_progress
}

# "12 180 31.005 Building …"; uses show_progress's `tenth`.
progress_line() {
  local finished total elapsed left text
  read -r finished total elapsed _ <<<"$1"
  elapsed=${elapsed%.*}
  left=$((finished > 0 ? elapsed * (total - finished) / finished : 0))
  text="Building: $finished of $total, $(duration "$elapsed") gone, about $(duration "$left") left"
  if [ -t 1 ]; then
    printf '\r\033[K%s' "$text"
    tenth=$finished
  elif [ $((finished * 10 / total)) -ne "$tenth" ]; then
    tenth=$((finished * 10 / total))
    say "$text"
  fi
}

end_progress() {
  if [ -t 1 ] && [ "$tenth" -ge 0 ]; then printf '\n'; fi
  tenth=-1
}
