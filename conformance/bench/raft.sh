#!/usr/bin/env bash
# Durable registrations: three members of ours beside the bare disk, three members of etcd, and Open Overlay Router, which
# keeps registrations in memory; in one run, in turn.
#
#   conformance/bench/raft.sh [OPTION of `lispctl bench raft`…]        as root; some minutes
#
#   DATA=/somewhere conformance/bench/raft.sh --rounds 7     the data of ours and of etcd, and the bare file, are there
#
# Everything runs in a network namespace of its own. A peer that is not there and cannot be installed is left out, and it
# says so.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.."

ADDRESS=10.10.0.2
REGISTRAR=10.10.0.1
SECRET=a-secret-for-benchmarks-of-32-by
net=raft$$
far=$net-far # where Map-Registers to OOR come from: it confirms none but those from port 4342
data=$(mktemp -d "${DATA:-${TMPDIR:-/tmp}}/raft.XXXXXX")

policy='' # a file of ours that keeps packages from starting services
declare -A running=() # name → pid, the leader of its own process group
start() { # NAME COMMAND…
  setsid ip netns exec "$net" "${@:2}" >"$data/$1.log" 2>&1 </dev/null &
  running[$1]=$!
}
cleanup() {
  trap - EXIT INT TERM
  [[ -z $policy ]] || rm -f "$policy"
  for pid in "${running[@]}"; do kill -TERM -- "-$pid" 2>/dev/null || true; done
  sleep 0.5
  for pid in "${running[@]}"; do kill -KILL -- "-$pid" 2>/dev/null || true; done
  ip netns del "$net" 2>/dev/null || true
  ip netns del "$far" 2>/dev/null || true
  if [[ -n "${KEEP:-}" ]]; then echo "logs and data: $data"; else rm -rf "$data"; fi
}
trap cleanup EXIT
trap 'exit 130' INT TERM
die() { echo "raft.sh: $*" >&2; exit 2; }

wanted() { # TOOL PACKAGE: there, or installed now, without its service
  command -v "$1" >/dev/null && return
  echo "raft.sh: installing $2 (Debian)" >&2
  if [[ ! -e /usr/sbin/policy-rc.d ]]; then
    policy=/usr/sbin/policy-rc.d
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod 755 $policy
  fi
  DEBIAN_FRONTEND=noninteractive apt-get install -y -q "$2" >"$data/apt-$2.log" 2>&1 || true
  [[ -z $policy ]] || rm -f "$policy"
  policy=''
  command -v "$1" >/dev/null || { echo "raft.sh: $2 cannot be installed, so it is left out" >&2; return 1; }
}
answers() { # PORT PATH: 200, within two minutes
  for _ in {1..600}; do
    [[ "$(ip netns exec "$net" bash -c "exec 4<>/dev/tcp/$ADDRESS/$1 && printf 'GET $2 HTTP/1.0\r\n\r\n' >&4 && head -1 <&4" \
      2>/dev/null)" == *" 200 "* ]] && return
    sleep 0.2
  done
  return 1
}

[[ $EUID == 0 ]] || die "needs root, for a network namespace"
lispctl=${LISPCTL:-./lispctl}
$lispctl version >/dev/null || die "$lispctl does not build or run"
ip netns add "$net"
ip -n "$net" link set lo up
ip netns add "$far"
ip -n "$far" link set lo up
ip -n "$net" link add eth0 type veth peer name eth0 netns "$far"
ip -n "$net" addr add $ADDRESS/24 dev eth0
ip -n "$net" link set eth0 up
ip -n "$far" addr add $REGISTRAR/24 dev eth0
ip -n "$far" link set eth0 up

printf '%s\n' "$SECRET" >"$data/key"
members=()
for i in 0 1 2; do
  cat >"$data/ms-$i.yaml" <<END
member: ms-$i
data: ms-$i
cluster:
  name: bench
  peers: [{ id: ms-0, address: "$ADDRESS:24500" }, { id: ms-1, address: "$ADDRESS:24501" }, { id: ms-2, address: "$ADDRESS:24502" }]
lisp: { listen: "$ADDRESS:1434$i", reply-to: source-port }
admin: { listen: "off" }
http: { listen: "$ADDRESS:1408$i", insecure: true }
sites:
  - name: bench
    site-id: 4
    keys: [{ id: 1, secret-file: key }]
    prefixes: [{ prefix: 172.16.0.0/12, accelerators: true }]
END
  start "ms-$i" $lispctl serve --config "$data/ms-$i.yaml"
  members+=("$ADDRESS:1434$i/1408$i")
done
for i in 0 1 2; do
  answers "1408$i" /readyz || { tail -5 "$data/ms-$i.log" >&2; die "ms-$i does not get ready"; }
done

options=()
if wanted etcd etcd-server; then
  cluster="e0=http://$ADDRESS:2390,e1=http://$ADDRESS:2391,e2=http://$ADDRESS:2392"
  for i in 0 1 2; do
    start "e$i" etcd --name "e$i" --data-dir "$data/e$i" --logger zap --log-level error \
      --listen-peer-urls "http://$ADDRESS:239$i" --initial-advertise-peer-urls "http://$ADDRESS:239$i" \
      --listen-client-urls "http://$ADDRESS:238$i" --advertise-client-urls "http://$ADDRESS:238$i" \
      --initial-cluster "$cluster" --initial-cluster-state new
  done
  if answers 2380 /health; then
    options+=(--etcd "$ADDRESS:2380,$ADDRESS:2381,$ADDRESS:2382")
  else
    echo "raft.sh: etcd does not start, so it is left out:" >&2
    tail -5 "$data/e0.log" >&2
  fi
fi

# OOR keeps its socket in /tmp.
if wanted oor openoverlayrouter; then
  printf '%s\n' 'debug = 0' 'map-request-retries = 2' 'operating-mode = MS' 'control-iface = eth0' 'lisp-site {' \
    ' eid-prefix = 172.16.0.0/12' ' key-type = 1' " key = $SECRET" ' iid = 0' ' accept-more-specifics = true' '}' \
    >"$data/oor.conf"
  start oor unshare -m bash -c '
    conf=$(<"$1")
    mount -t tmpfs oor /tmp && mount -t tmpfs oor /run && cd /tmp || exit
    printf "%s\n" "$conf" >oor.conf
    exec oor -f oor.conf' bash "$data/oor.conf"
  options+=(--memory "$ADDRESS:4342" --memory-from "$REGISTRAR:4342")
fi

cut -d' ' -f1-3 /proc/loadavg | sed 's/^/load average before: /' >&2
ip netns exec "$far" $lispctl bench raft "${members[@]}" --key-file "$data/key" --site-id 4 --disk "$data" "${options[@]}" "$@"
cut -d' ' -f1-3 /proc/loadavg | sed 's/^/load average after:  /' >&2
