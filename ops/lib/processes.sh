# shellcheck shell=bash disable=SC2034,SC2154  # process_data and data are the caller's too
# Starting and stopping what belongs to us, and nothing else: each program leads a process group of its own, and only
# groups that were started here get signals. Sourced; needs say.sh; data is the caller's.

declare -A process_name=() # pid (and process group) -> name
declare -A process_data=() # pid -> data folder of the site that it is of
readonly grace_seconds=5

# start NAME COMMAND…: in the background; output where the caller sends it. Sets `started_pid`.
start() {
  local name=$1
  shift
  set -m # job control: a process group for each
  "$@" &
  started_pid=$!
  set +m
  process_name[$started_pid]=$name
  process_data[$started_pid]=$data
}

is_alive() { kill -0 "$1" 2>/dev/null; }

# wait_until SECONDS PID CONDITION…: true when the condition holds; false when time is up or the program has ended.
wait_until() {
  local deadline=$((SECONDS + $1)) pid=$2
  shift 2
  until "$@"; do
    is_alive "$pid" || return 1
    [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep 0.03
  done
}

# stop PID: asks, waits, and after the grace time insists.
stop() {
  local pid=$1 deadline=$((SECONDS + grace_seconds))
  signal_group TERM "$pid"
  while is_alive "$pid" && [ "$SECONDS" -le "$deadline" ]; do sleep 0.03; done
  signal_group KILL "$pid"
  wait "$pid" 2>/dev/null || true
  unset "process_name[$pid]"
}

# A group that is gone already needs no signal.
signal_group() { kill "-$1" -- "-$2" 2>/dev/null || true; }

# The latest first: who depends on another goes before it.
stop_all() {
  local pid
  for pid in $(printf '%s\n' "${!process_name[@]}" | sort -rn); do stop "$pid"; done
}
