# shellcheck shell=bash disable=SC2034,SC2154  # site_names is for the caller; bin, top, phones are the caller's
# Several sites on this machine: joined with one another, and one plan for all of them. Sourced; needs say.sh, server.sh,
# processes.sh.

readonly site_names=(hall arena club park pier)
readonly guests=10 # of each site are in the plan of all

# ctl_at SITE ARGUMENTS…: convokectl there
ctl_at() {
  local where=$1
  shift
  "$bin/convokectl" --data "$top/$where" "$@"
}

# port_of SITE: its broker's
port_of() { grep -oE '"mqtt":"[^"]*"' "$top/$1/run.json" | grep -oE '[0-9]+"' | tr -d '"'; }

# Each is told of each other, as docs/federation.md has it.
join_sites() {
  local here there
  for here in "$@"; do
    for there in "$@"; do
      [ "$here" = "$there" ] ||
        ctl_at "$here" peer add "$there" --host 127.0.0.1 --port "$(port_of "$there")" --keys "$top/$there/keys/link/verify.jwks" >/dev/null
    done
  done
  wait_until 30 "$$" all_links_are_up "$@" || die "the links between the sites do not come up; see: convokectl --data $top/$1 peer list"
  say "Joined: $*"
}

all_links_are_up() {
  local site
  for site in "$@"; do
    [ "$(ctl_at "$site" peer list --json | grep -oE '"state": ?"up"' | wc -l)" = $(($# - 1)) ] || return 1
  done
}

all_phones_are_connected() {
  local site
  for site in "$@"; do grep -qs " $phones of $phones phones are connected" "$top/$site/log/crowd.out" || return 1; done
}

# write_common_plan AFTER SITE…: the first phones of each site, until AFTER the start.
write_common_plan() {
  local after=$1 site number users=
  shift
  for site in "$@"; do
    for ((number = 1; number <= guests && number <= phones; ++number)); do
      users+=$(printf '%s"p%0*d%s"' "${users:+, }" "${#phones}" "$number" "$([ "$site" = "$1" ] || echo "@$site")")
    done
  done
  cat <<TOML
# One chat for people of all sites: convokectl group start festival
schema = 1

[[plan]]
id = "festival"
name = "Festival"
audience = { any = [ { users = [$users] } ] }

[[plan.end]]
on = "duration"
after = "$after"
TOML
}

# start_common_chat AFTER SITE…: by the staff of the first
start_common_chat() {
  local after=$1 home=$2
  shift
  wait_until 60 "$$" all_phones_are_connected "$@" || die "the phones do not come in; see $top/$home/log/crowd.log"
  write_common_plan "$after" "$@" >"$top/festival.toml"
  ctl_at "$home" plan apply "$top/festival.toml"
  ctl_at "$home" group start festival
}

print_sites() {
  local name
  printf '\n'
  for name in "$@"; do printf '  %-6s broker 127.0.0.1:%s, data %s\n' "$name" "$(port_of "$name")" "$top/$name"; done
  cat <<TEXT

  To try next, in another terminal:
    $bin/convokectl --data $(printf '%q' "$top/$1") group list
    $bin/convokectl --data $(printf '%q' "$top/$1") peer list
    $bin/convokectl --data $(printf '%q' "$top/$1") group end --plan festival

  Ctrl-C stops everything started here.

TEXT
}
