# shellcheck shell=bash disable=SC2154  # root, data, bin, site, temporary_dirs are the caller's
# Our own Mosquitto with our plugin; never the system's. Sourced; needs say.sh, processes.sh.

# Mosquitto started by root drops to another user, and reads plugin and keys as that user.
broker_user() {
  if [ "$(id -u)" != 0 ]; then id -un; elif id -u mosquitto >/dev/null 2>&1; then echo mosquitto; else echo nobody; fi
}

# As the broker's user, by numbers: this user has no shell.
as_broker_user() {
  if [ "$(id -u)" != 0 ]; then "$@"; else setpriv --reuid "$(broker_user)" --regid "$(id -g "$(broker_user)")" --clear-groups "$@"; fi
}

# Sets `broker_dir`: everything the broker may read, and nothing else. In the data folder, or, where its user cannot get
# there (a clone under /root), in a temporary one that goes when we stop.
make_broker_dir() {
  broker_dir=$data/broker
  mkdir -p "$broker_dir"
  own_broker_dir
  if ! as_broker_user test -x "$broker_dir" 2>/dev/null; then
    broker_dir=$(mktemp -d "${TMPDIR:-/tmp}/convoke-broker.XXXXXX")
    temporary_dirs+=("$broker_dir")
    own_broker_dir
    say "User $(broker_user) cannot reach $data: the broker's files are in $broker_dir"
  fi
}

# Only to read: with `persistence false` the broker writes nothing.
own_broker_dir() {
  chmod 750 "$broker_dir"
  if [ "$(id -u)" = 0 ]; then chown "root:$(id -g "$(broker_user)")" "$broker_dir"; fi
}

# write_broker_files PORT: plugin, public keys and configuration.
write_broker_files() {
  install -m 644 "$bin/libconvoke_broker.so" "$broker_dir/libconvoke_broker.so"
  install -m 644 "$data/keys/verify.jwks" "$broker_dir/verify.jwks"
  local text
  text=$(<"$root/ops/broker/mosquitto.conf.in")
  text=${text//@PORT@/"$1"}
  text=${text//@SITE@/"$site"}
  text=${text//@PLUGIN@/"$broker_dir/libconvoke_broker.so"}
  text=${text//@KEYS@/"$broker_dir/verify.jwks"}
  printf '%s\n' "$text" >"$broker_dir/mosquitto.conf"
  chmod 644 "$broker_dir/mosquitto.conf"
}

# Debian keeps it in /usr/sbin, which is not on every user's path.
mosquitto_program() { PATH=$PATH:/usr/sbin:/sbin command -v mosquitto || die "mosquitto is not installed: run ops/install"; }

start_broker() {
  local program
  program=$(mosquitto_program)
  start broker "$program" -c "$broker_dir/mosquitto.conf" >>"$data/log/broker.log" 2>&1
  wait_until 10 "$started_pid" port_is_taken "$1" || give_up broker
}
