#!/usr/bin/env bash
# Map-Request to Map-Reply: this server beside Open Overlay Router, NSD and a bare echo in C, in one run, in turn.
#
#   conformance/bench/resolve.sh [OPTION of `lispctl bench resolve`…]        as root; some minutes
#
#   EIDS="10000 100000 1000000" conformance/bench/resolve.sh --most --rounds 5
#   PEERS=no REPLIES=25000 conformance/bench/resolve.sh --rates 20000 --flood 50000,200000 --flood-from 10.10.9.9
#   COMMAND=register conformance/bench/resolve.sh --rates 1000,5000
#   COMMAND=pubsub EIDS=1 conformance/bench/resolve.sh --subscribers 1024 --rounds 10
#   COMMAND=pubsub EIDS=1 conformance/bench/resolve.sh --subscribers 1024 --mappings 168
#   COMMAND=converge EIDS=100000 conformance/bench/resolve.sh --moves 1000 --seconds 60
#
# Everything runs in a network namespace of its own, over its loopback. Each server has one process and one thread for its
# requests. A peer that is not there and cannot be installed is left out, and it says so.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.."

. conformance/bench/lab.sh

EIDS=${EIDS:-10000 100000} # registered at servers of ours, one after another; at OOR as many as at the first
RECORDS=${RECORDS:-100000} # in NSD's zone
STRANGER=10.10.9.9
COMMAND=${COMMAND:-resolve}
REPLIES=${REPLIES:-1000000} # that one address may get of us in a second
PEERS=${PEERS:-yes} # no: without NSD and OOR

open_lab "${TMPDIR:-/tmp}"
. .mvn/find-jdk.sh
java=$(find_jdk)/bin/java
ip -n "$net" addr add $STRANGER/32 dev lo
ip -n "$net" route add default via $REGISTRAR

targets=()

# What `serve --dev` is, but for keys and prefixes of its own, and answers without bound for the one who asks.
serve() { # NAME PORT EIDS
  cat >"$work/$1.yaml" <<END
member: $1
data: $work/$1
lisp: { listen: "$ADDRESS:$2", replies-per-second: $REPLIES }
admin: { listen: "off" }
http: { listen: "off" }
sites:
  - name: bench
    keys: [{ id: 1, secret-file: $work/key }]
    prefixes: [{ prefix: 172.16.0.0/12, accept-more-specifics: true }]
END
  start "$1" $lispctl serve --config "$work/$1.yaml"
  listens "$2" || { cat "$work/$1.log" >&2; die "lispctl serve does not start"; }
  targets+=("$1=lisp:$ADDRESS:$2:${running[$1]}:$3")
}
port=14342
for eids in $EIDS; do
  serve "fabric-$eids" $((port++)) "$eids"
done
sleep 3 # until they lead

libraries=$(printf '%s:' ${LIBRARIES:-cli/target/lib}/netty-*.jar)
start netty "$java" -XX:+UseCompactObjectHeaders --enable-native-access=ALL-UNNAMED \
  --sun-misc-unsafe-memory-access=allow -cp "$libraries" conformance/bench/NettyEcho.java $ADDRESS 7008
listens 7008 || { cat "$work/netty.log" >&2; die "the echo by Netty does not start"; }
targets+=("netty-echo=echo:$ADDRESS:7008:${running[netty]}")

if wanted gcc gcc; then
  gcc -O2 -o "$work/echo" conformance/bench/echo.c
  start echo "$work/echo" $ADDRESS 7007
  targets+=("c-echo=echo:$ADDRESS:7007:${running[echo]}")
fi

if [[ $PEERS$COMMAND == yesresolve ]] && wanted nsd nsd; then
  {
    printf '$ORIGIN bench.example.\n$TTL 3600\n@ SOA ns hostmaster 1 3600 900 86400 3600\n@ NS ns\nns A %s\n' $ADDRESS
    awk -v n="$RECORDS" 'BEGIN { for (i = 0; i < n; i++) printf "e%d A 192.0.%d.%d\n", i, int(i / 256) % 256, i % 256 }'
  } >"$work/bench.zone"
  cat >"$work/nsd.conf" <<END
server:
  server-count: 1
  ip-address: $ADDRESS@5300
  username: ""
  chroot: ""
  zonesdir: "$work"
  database: ""
  pidfile: "$work/nsd.pid"
  xfrdfile: "$work/xfrd.state"
  zonelistfile: "$work/zone.list"
  xfrdir: "$work"
  rrl-ratelimit: 0
remote-control:
  control-enable: no
zone:
  name: bench.example
  zonefile: bench.zone
END
  start nsd nsd -d -c "$work/nsd.conf"
  if listens 5300; then
    targets+=("nsd=dns:$ADDRESS:5300:${running[nsd]}:$RECORDS")
  else
    echo "resolve.sh: NSD does not start, so it is left out:" >&2
    tail -5 "$work/nsd.log" >&2
  fi
fi

if [[ $PEERS == yes && $COMMAND == re* ]] && start_oor; then
  targets+=("oor=lisp:$ADDRESS:4342:${running[oor]}:${EIDS%% *}")
fi

if [[ $COMMAND != resolve ]]; then
  echoless=()
  for target in "${targets[@]}"; do [[ $target == *=lisp:* ]] && echoless+=("$target"); done
  targets=("${echoless[@]}")
fi
if [[ $COMMAND == register ]]; then
  set -- --from $REGISTRAR:4342 "$@"
  from=$far
fi
in_lab "${from:-$net}" $lispctl bench "$COMMAND" "${targets[@]}" --key-file "$work/key" --legacy oor "$@"
