# shellcheck shell=bash disable=SC2034  # chosen_port is for the caller
# Ports on loopback. Sourced; needs say.sh.

port_is_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# choose_port WHAT PORT: sets `chosen_port` to PORT, or to the next free one and says so.
choose_port() {
  local what=$1 port=$2
  while port_is_taken "$port" || [[ " $handed_out " == *" $port "* ]]; do
    port=$((port + 1))
    [ "$port" -lt 65536 ] || die "no free port for $what from $2 upward"
  done
  if [ "$port" -ne "$2" ]; then say "Port $2 is occupied: $what takes $port"; fi
  handed_out+=" $port"
  chosen_port=$port
}
handed_out=

# Between the choice of a port and the program that listens there, another ops/run could choose the same: they wait for
# one another. Programs started meanwhile inherit the lock, so it is given back by name.
lock_ports() {
  local file=${TMPDIR:-/tmp}/convoke-ports.lock
  [ -e "$file" ] || (umask 022 && : >>"$file")
  exec 8<"$file"
  if flock --nonblock 8; then return; fi
  say "Waiting for another ops/run that is choosing its ports"
  flock --wait "$port_patience_s" 8 || die "another ops/run has been starting for $port_patience_s s; if none is, delete $file"
}
readonly port_patience_s=60

unlock_ports() { flock --unlock 8 && exec 8<&-; }
