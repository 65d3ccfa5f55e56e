# shellcheck shell=bash disable=SC2154  # data, store, bin, site, settings are the caller's
# Keys, tokens, configuration and start of the server. Sourced; needs say.sh, processes.sh.

# A TOML basic string.
toml() {
  local text=${1//\\/\\\\}
  printf '"%s"' "${text//\"/\\\"}"
}

make_private_dirs() { (umask 077 && mkdir -p "$@"); }

# Secret keys are for this user alone; they are made once and kept with the data.
make_keys() {
  make_private_dirs "$data/keys" "$data/tokens"
  [ -e "$data/keys/signing.jwks" ] || "$bin/convokectl" keys init --dir "$data/keys" >/dev/null
  [ -e "$data/keys/link/signing.jwks" ] || "$bin/convokectl" keys init --dir "$data/keys/link" >/dev/null
}

# issue NAME USER ROLE DEVICE: a fresh token in $data/tokens/NAME.token
issue() {
  rm -f "$data/tokens/$1.token"
  "$bin/convokectl" token issue --user "$2" --role "$3" --device "$4" --ttl 30d --site "$site" \
    --keys "$data/keys/signing.jwks" --out "$data/tokens/$1.token" >/dev/null
}

# write_server_config MQTT_PORT HTTP_PORT METRICS_PORT [CLOCK]
write_server_config() {
  cat >"$data/convoked.toml" <<TOML
mode = "development"
site = "$site"
server_id = "s1"
data_dir = $(toml "$store")

[broker]
host = "127.0.0.1"
port = $1
token_file = $(toml "$data/tokens/server.token")

[http]
host = "127.0.0.1"
port = $2

[metrics]
host = "127.0.0.1"
port = $3

[auth]
keys = $(toml "$data/keys/verify.jwks")

[federation]
key_file = $(toml "$data/keys/link/signing.jwks")

[log]
level = "info"
file = $(toml "$data/log/server.log")
TOML
  # Data of an older version has no such key.
  if [ -e "$data/keys/identities.key" ]; then printf '\n[identities]\nkey_file = %s\n' "$(toml "$data/keys/identities.key")" >>"$data/convoked.toml"; fi
  if [ -n "${settings:-}" ]; then printf '\n# from --settings\n' | cat - "$settings" >>"$data/convoked.toml"; fi
  if [ -n "${4:-}" ]; then printf '\n[dev]\nclock = "%s"\n' "$4" >>"$data/convoked.toml"; fi
}

start_server() {
  start server "$bin/convoked" --config "$data/convoked.toml" >"$data/log/server.out" 2>&1
  wait_until 30 "$started_pid" grep -qs '^convoked ready' "$data/log/server.out" || give_up server
}
