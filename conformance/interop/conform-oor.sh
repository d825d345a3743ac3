#!/usr/bin/env bash
# `lispctl conform` against Open Overlay Router as the Map-Server, in two network namespaces. What OOR fails are facts, kept in
# docs/conformance-oor.md; an outcome that is not recorded there fails this run, and so does a fault in what we send.
#
#   conformance/interop/conform-oor.sh            compares with what is recorded
#   conformance/interop/conform-oor.sh --write    records it anew
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. conformance/checks.sh

SERVER=10.20.0.2
CLIENT=10.20.0.1
KEY=anchorkey
FACTS=docs/conformance-oor.md
LIMIT=180 # seconds; a run takes about 30

die() {
  echo "conform-oor.sh: $*" >&2
  exit 2
}

((EUID == 0)) || die "needs root, for network namespaces"
for tool in oor ip ethtool tcpdump tshark jq unshare setsid sysctl; do
  command -v "$tool" >/dev/null || die "$tool is not installed; .ci/packages installs what is needed"
done
if [[ -z "${INTEROP_BOUNDED:-}" ]]; then
  ./lispctl version >/dev/null || die "./lispctl does not build or run"
  INTEROP_BOUNDED=1 exec timeout --foreground --kill-after=30 "$LIMIT" conformance/interop/conform-oor.sh "$@"
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/conform-oor.XXXXXX")
net=conform$$
declare -A running=() # name → pid of what we started; each is the leader of its own process group

start() { # NAME COMMAND…: in the background, output in the log of that name
  setsid "${@:2}" >>"$work/$1.log" 2>&1 </dev/null &
  running[$1]=$!
}

stop() { # NAME
  kill -TERM -- "-${running[$1]}" 2>/dev/null || true
  for _ in {1..20}; do
    kill -0 -- "-${running[$1]}" 2>/dev/null || break
    sleep 0.1
  done
  kill -KILL -- "-${running[$1]}" 2>/dev/null || true
  wait "${running[$1]}" 2>/dev/null || true
  unset "running[$1]"
}

cleanup() {
  local status=$? name
  trap - EXIT INT TERM
  set +e
  for name in "${!running[@]}"; do stop "$name"; done
  ip netns del "$net-ms" 2>/dev/null
  ip netns del "$net-client" 2>/dev/null
  if ((status)); then
    echo "logs, captures and results: $work"
  else
    rm -rf "$work"
  fi
  exit "$status"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'echo "conform-oor.sh: stopped, or ran longer than $LIMIT s" >&2; exit 124' TERM

for node in ms client; do
  ip netns add "$net-$node"
  ip -n "$net-$node" link set lo up
done
ip link add eth0 netns "$net-client" type veth peer name eth0 netns "$net-ms"
ip -n "$net-client" addr add "$CLIENT/24" dev eth0
ip -n "$net-ms" addr add "$SERVER/24" dev eth0
for node in ms client; do ip -n "$net-$node" link set eth0 up; done
ip -n "$net-ms" route add default via "$CLIENT" # OOR builds a table from it
for interface in all default eth0; do
  ip netns exec "$net-ms" sysctl -qw "net.ipv4.conf.$interface.rp_filter=0"
done
ip netns exec "$net-client" ethtool -K eth0 tx off >/dev/null # checksums that a capture can show
for _ in {1..50}; do # OOR started before the interface has a carrier never finds its address
  [[ "$(ip netns exec "$net-ms" cat /sys/class/net/eth0/operstate)" == up ]] && break
  sleep 0.1
done

{
  printf 'debug = 0\nmap-request-retries = 2\noperating-mode = MS\ncontrol-iface = eth0\n'
  for prefix in 172.16.0.0/12 2001:db8:97::/48; do
    printf 'lisp-site {\n eid-prefix = %s\n key-type = 1\n key = %s\n iid = 0\n' "$prefix" "$KEY"
    printf ' accept-more-specifics = true\n}\n'
  done
} >"$work/ms.conf"

# It ends on messages that it does not like, and is started again each time: the suite sees that what was registered is
# lost. Its socket below /tmp is one for all OOR processes of a machine, so it gets a /tmp of its own.
start oor ip netns exec "$net-ms" unshare -m bash -c '
  conf=$(<"$1")
  mount -t tmpfs oor /tmp && mount -t tmpfs oor /run && cd /tmp || exit
  printf "%s\n" "$conf" >oor.conf
  while :; do stdbuf -oL oor -f oor.conf; echo "ended with $?"; done' bash "$work/ms.conf"
for _ in {1..100}; do
  [[ -n "$(ip netns exec "$net-ms" ss -Hlun 'sport = :4342')" ]] && break
  sleep 0.1
done

(umask 077 && printf '%s\n' "$KEY" >"$work/key")
conform() { # ARGUMENT…: one case at a time, so that each meets a server that runs
  ip netns exec "$net-client" ./lispctl conform run --peer "$SERVER" --key-id 0 --key-file "$work/key" --algorithm 1 \
    --legacy-length --eids 172.16.0.0/16 --eids6 2001:db8:97::/48 --other-iid 100 --outside 10.98.0.0/24 --parallel 1 \
    --timeout 1s -o json "$@"
}

# First what is sent without a mistake, watched by another program.
start capture ip netns exec "$net-client" \
  tcpdump -Z root -U --immediate-mode -n -i eth0 -w "$work/good.pcap" "src host $CLIENT and udp"
for _ in {1..50}; do
  grep -qs 'listening on' "$work/capture.log" && break
  sleep 0.1
done
status=0
conform --case register.notify,register.resolves,register.several-records,register.refresh,register.ipv6-eid \
  --case request.longest-match,request.ipv6-eid,negative.hole,notify.authentication >"$work/good.json" 2>"$work/good.err" \
  || status=$?
# Whatever was sent is in the capture when a datagram sent after it is: tcpdump drops what it has not written when it ends.
END=9 # the discard port
ip netns exec "$net-client" bash -c "echo end >/dev/udp/$SERVER/$END"
sent() { # BPF-FILTER: how many of our datagrams are in the capture
  tcpdump -Z root -n --count -r "$work/good.pcap" "$1" 2>/dev/null | cut -d" " -f1
}
for _ in {1..100}; do
  (($(sent "udp dst port $END") > 0)) && break
  sleep 0.1
done
stop capture
check "cases that OOR can pass pass, and nothing else is said" \
  test "$status:$(jq -r '"\(.failed):\(.skipped)"' "$work/good.json"):$(<"$work/good.err")" = 0:0:0:

faults() { # what tshark finds wrong; an ECM's headers and checksums included
  tshark -n -r "$work/good.pcap" -d udp.port==4342,lisp -o ip.check_checksum:TRUE -o udp.check_checksum:TRUE \
    -Y "udp.dstport != $END && (_ws.malformed || _ws.expert.severity >= 0x600000 || lisp.undecoded || !lisp)" \
    -T fields -e frame.number -e lisp.type -e _ws.expert.message 2>>"$work/tshark.log"
}
sound() {
  local messages found
  messages=$(sent "udp dst port not $END")
  found=$(faults) || return 1
  if [[ -z $found ]] && ((messages >= 20)); then return; fi
  printf '    of %s messages: %s\n' "$messages" "${found:0:2000}" >&2
  return 1
}
check "tshark finds no fault in what we sent" sound

# Then everything.
status=0
conform >"$work/all.json" 2>"$work/all.err" || status=$?
check "the whole suite ran, and nothing else was said" test "$status:$(<"$work/all.err")" = 1:
jq -r '.cases[] | "| `\(.id)` | \(.rfc) | \(.result) | \(.detail | gsub("nonce [0-9a-f]{16}"; "nonce …") | gsub("\\|"; "/")) |"' \
  "$work/all.json" >"$work/facts"
jq -r '"\(.passed) passed, \(.failed) failed, \(.skipped) skipped, in \(.seconds) s"' "$work/all.json"

if [[ "${1:-}" == --write ]]; then
  {
    sed '/^| case /,$d' "$FACTS"
    printf '| case | RFC | result | seen |\n| --- | --- | --- | --- |\n'
    cat "$work/facts"
  } >"$work/new.md"
  cp "$work/new.md" "$FACTS"
  echo "recorded in $FACTS"
else
  outcome() { grep '^| `' "$1" | cut -d'|' -f2,4; }
  recorded() { diff <(outcome "$FACTS") <(outcome "$work/facts") >&2; }
  check "OOR fails what $FACTS says, and nothing else" recorded
fi

conclude
