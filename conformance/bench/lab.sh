# For the scripts of this folder that source it, from the project's root: a network namespace with servers, another one
# that asks from outside, and programs in them that end with the script.
#
# $work is a folder that is removed at the end; with KEEP=yes it stays, logs and all.

ADDRESS=10.10.0.2   # the servers'
REGISTRAR=10.10.0.1 # in $far: OOR confirms no Map-Register but from port 4342, which is its own in its place
SECRET=a-secret-for-benchmarks-of-32-by
script=$(basename "$0")
net=bench$$
far=$net-far

die() { echo "$script: $*" >&2; exit 2; }

policy='' # a file of ours that keeps packages from starting services
declare -A running=() # name → pid, the leader of its own process group
start() { # NAME COMMAND…
  setsid ip netns exec "$net" "${@:2}" >"$work/$1.log" 2>&1 </dev/null &
  running[$1]=$!
}
cleanup() {
  trap - EXIT INT TERM
  [[ -z $policy ]] || rm -f "$policy"
  for pid in "${running[@]}"; do kill -TERM -- "-$pid" 2>/dev/null || true; done
  sleep 0.5
  for pid in "${running[@]}"; do kill -KILL -- "-$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  ip netns del "$net" 2>/dev/null || true
  ip netns del "$far" 2>/dev/null || true
  if [[ -n "${KEEP:-}" ]]; then echo "logs and data: $work"; else rm -rf "$work"; fi
}

open_lab() { # FOLDER: for everything that is written
  [[ $EUID == 0 ]] || die "needs root, for a network namespace"
  lispctl=${LISPCTL:-./lispctl}
  $lispctl version >/dev/null || die "$lispctl does not build or run"
  work=$(mktemp -d "$1/bench.XXXXXX")
  trap cleanup EXIT
  trap 'exit 130' INT TERM
  ip netns add "$net"
  ip netns add "$far"
  ip -n "$net" link set lo up
  ip -n "$far" link set lo up
  ip -n "$net" link add eth0 type veth peer name eth0 netns "$far"
  ip -n "$net" addr add $ADDRESS/24 dev eth0
  ip -n "$far" addr add $REGISTRAR/24 dev eth0
  ip -n "$net" link set eth0 up
  ip -n "$far" link set eth0 up
  (umask 077 && printf '%s\n' "$SECRET" >"$work/key")
}

wanted() { # TOOL PACKAGE: there, or installed now, without its service
  command -v "$1" >/dev/null && return
  echo "$script: installing $2 (Debian)" >&2
  if [[ ! -e /usr/sbin/policy-rc.d ]]; then
    policy=/usr/sbin/policy-rc.d
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod 755 $policy
  fi
  DEBIAN_FRONTEND=noninteractive apt-get install -y -q "$2" >"$work/apt-$2.log" 2>&1 || true
  [[ -z $policy ]] || rm -f "$policy"
  policy=''
  command -v "$1" >/dev/null || { echo "$script: $2 cannot be installed, so it is left out" >&2; return 1; }
}

listens() { # PORT: until somebody does, or half a minute
  for _ in {1..150}; do
    [[ -n "$(ip netns exec "$net" ss -Hlun "sport = :$1")" ]] && return
    sleep 0.2
  done
  return 1
}

# It keeps registrations for three minutes and its socket in /tmp; it takes one record in a message.
start_oor() { # if it is there or can be
  wanted oor openoverlayrouter || return 1
  printf '%s\n' 'debug = 0' 'map-request-retries = 2' 'operating-mode = MS' 'control-iface = eth0' 'lisp-site {' \
    ' eid-prefix = 172.16.0.0/12' ' key-type = 1' " key = $SECRET" ' iid = 0' ' accept-more-specifics = true' '}' \
    >"$work/oor.conf"
  start oor unshare -m bash -c '
    conf=$(<"$1")
    mount -t tmpfs oor /tmp && mount -t tmpfs oor /run && cd /tmp || exit
    printf "%s\n" "$conf" >oor.conf
    exec oor -f oor.conf' bash "$work/oor.conf"
  listens 4342 && return
  echo "$script: OOR does not start, so it is left out:" >&2
  tail -5 "$work/oor.log" >&2
  return 1
}

in_lab() { # NAMESPACE COMMAND…: with the load before and after it
  cut -d' ' -f1-3 /proc/loadavg | sed 's/^/load average before: /' >&2
  ip netns exec "$@"
  cut -d' ' -f1-3 /proc/loadavg | sed 's/^/load average after:  /' >&2
}
