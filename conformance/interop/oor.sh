#!/usr/bin/env bash
# Two Open Overlay Router xTRs, in network namespaces, register with our Map-Server, resolve through it and ping across.
# Says what holds, one line a check, and exits 0 only when all of it held. README.md beside this file explains the lab.
#
#   conformance/interop/oor.sh            the Map-Server is `lispctl serve`
#   MS=oor conformance/interop/oor.sh     the reference run: the Map-Server is OOR's own
#   KEEP=1 …                              keep the captures and logs even when everything held
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. conformance/checks.sh

MS=${MS:-lispctl}
SERVER=10.10.0.2
CLIENT=10.10.0.1 # the core router, from where `lispctl query` asks
KEY=anchorkey
LIMIT=240 # seconds; a run in which everything holds takes about 70, one in which nothing does about 150

die() {
  echo "oor.sh: $*" >&2
  exit 2
}

((EUID == 0)) || die "needs root, for network namespaces"
for tool in oor ip ethtool tcpdump tshark jq ping unshare setsid sysctl; do
  command -v "$tool" >/dev/null || die "$tool is not installed; .ci/packages installs what is needed"
done
[[ -c /dev/net/tun ]] || die "no /dev/net/tun: OOR cannot make its tunnel interface"
case $MS in
  lispctl)
    [[ -x lispctl ]] || die "no ./lispctl in this checkout"
    # It builds on first use, which is no part of the time that a run may take.
    [[ -n "${INTEROP_BOUNDED:-}" ]] || ./lispctl version >/dev/null || die "./lispctl does not build or run"
    ;;
  oor) ;;
  *) die "MS must be lispctl or oor, not $MS" ;;
esac

# A hung peer must not hang CI. The signal goes to the run below, whose trap then cleans up.
if [[ -z "${INTEROP_BOUNDED:-}" ]]; then
  INTEROP_BOUNDED=1 exec timeout --foreground --kill-after=60 "$LIMIT" conformance/interop/oor.sh "$@"
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/interop.XXXXXX")
net=interop$$

# ---------------------------------------------------------------- leaving nothing behind

declare -A running=() # name → pid of what we started; each is the leader of its own process group

start() { # NAME COMMAND…: in the background, output in the log of that name
  setsid "${@:2}" >>"$work/$1.log" 2>&1 </dev/null &
  running[$1]=$!
}

stop() { # NAME…: asks, waits two seconds, then insists
  local name pid
  for name in "$@"; do
    [[ -z "${running[$name]:-}" ]] || kill -TERM -- "-${running[$name]}" 2>/dev/null || true
  done
  for name in "$@"; do
    pid=${running[$name]:-}
    [[ -n $pid ]] || continue
    for _ in {1..20}; do
      kill -0 -- "-$pid" 2>/dev/null || break
      sleep 0.1
    done
    kill -KILL -- "-$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
    unset "running[$name]"
  done
}

cleanup() {
  local status=$? node log
  trap - EXIT INT TERM
  set +e
  stop "${!running[@]}"
  for node in $(ip netns list | awk -v own="$net-" 'index($1, own) == 1 { print $1 }'); do
    ip netns del "$node"
  done
  if ((status != 0)); then
    for log in "$work"/*.log; do
      [[ -s $log ]] && printf '\n--- %s, last 40 lines\n' "${log##*/}" && tail -n 40 "$log"
    done
    printf '\nlogs, captures and configurations: %s\n' "$work"
  elif [[ -n "${KEEP:-}" ]]; then
    printf 'logs, captures and configurations: %s\n' "$work"
  else
    rm -rf "$work"
  fi
  exit "$status"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'echo "oor.sh: stopped, or ran longer than $LIMIT s" >&2; exit 124' TERM

# ---------------------------------------------------------------- the lab

on() { ip netns exec "$net-$1" "${@:2}"; } # NODE COMMAND…

link() { # NODE INTERFACE ADDRESS/LENGTH NODE INTERFACE ADDRESS/LENGTH
  ip link add "$2" netns "$net-$1" type veth peer name "$5" netns "$net-$4"
  ip -n "$net-$1" addr add "$3" dev "$2" && ip -n "$net-$1" link set "$2" up
  ip -n "$net-$4" addr add "$6" dev "$5" && ip -n "$net-$4" link set "$5" up
}

# h1 – xtr1 – core – xtr2 – h2, with ms, xtr3 (the one that stays) and xtr4 (the impostor) on the core as well.
# Nobody has a route to an EID prefix of another site: what arrives came through LISP.
build() {
  local node n
  for node in core ms xtr1 xtr2 xtr3 xtr4 h1 h2; do
    ip netns add "$net-$node"
    ip -n "$net-$node" link set lo up
  done
  link core c-ms $CLIENT/24 ms eth0 $SERVER/24
  for n in 1 2 3 4; do link core "c-x$n" "10.10.$n.1/24" "xtr$n" eth0 "10.10.$n.2/24"; done
  for n in 1 2; do link "xtr$n" lan0 "172.16.$n.1/24" "h$n" eth0 "172.16.$n.10/24"; done
  ip -n "$net-ms" route add default via $CLIENT
  for n in 1 2 3 4; do ip -n "$net-xtr$n" route add default via "10.10.$n.1"; done # OOR builds a table from it
  for n in 1 2; do ip -n "$net-h$n" route add default via "172.16.$n.1"; done
  for node in core xtr1 xtr2 xtr3 xtr4; do
    on "$node" sysctl -qw net.ipv4.ip_forward=1
    for n in $(on "$node" ls /proc/sys/net/ipv4/conf); do
      on "$node" sysctl -qw "net.ipv4.conf.$n.rp_filter=0"
    done
  done
  # An interface is "up" a moment before it has a carrier, and OOR started in that moment never finds its RLOC.
  for node in ms xtr1 xtr2 xtr3 xtr4; do
    for _ in {1..50}; do
      [[ "$(on "$node" cat /sys/class/net/eth0/operstate)" == up ]] && break
      sleep 0.1
    done
  done
  # Otherwise the capture shows checksums that the interface would have filled in, and tshark could not check them.
  on ms ethtool -K eth0 tx off >/dev/null
}

capture() { # NAME NODE INTERFACE FILTER: into NAME.pcap, and capturing when this returns
  start "$1" ip netns exec "$net-$2" tcpdump -Z root -U --immediate-mode -n -i "$3" -w "$work/$1.pcap" "$4"
  for _ in {1..50}; do
    grep -qs 'listening on' "$work/$1.log" && return
    sleep 0.1
  done
  die "tcpdump does not start on $2"
}

start_ms() {
  case $MS in
    lispctl)
      (umask 077 && echo "$KEY" >"$work/oor.key")
      cat >"$work/ms.yaml" <<YAML
member: ms-0
data: ms-data
lisp: { listen: "0.0.0.0:4342" }
admin: { listen: "127.0.0.1:24443" }
http: { listen: "127.0.0.1:24080" }
sites:
  - name: oor
    site-id: 0
    # OOR knows HMAC-SHA-1 with 20 octets only, and draws a random nonce for every transmission.
    keys:
      - { id: 0, algorithms: [1], secret-file: oor.key, legacy-length: true, legacy-secret: true }
    nonce-check: random
    prefixes:
      - { iid: 0, prefix: 172.16.0.0/12, accept-more-specifics: true }
      - { iid: 100, prefix: 172.16.0.0/12, accept-more-specifics: true }
YAML
      start ms ip netns exec "$net-ms" ./lispctl serve -c "$work/ms.yaml"
      ;;
    oor)
      {
        printf 'debug = 0\nmap-request-retries = 2\noperating-mode = MS\ncontrol-iface = eth0\n'
        local iid
        for iid in 0 100; do
          printf 'lisp-site {\n eid-prefix = 172.16.0.0/12\n key-type = 1\n key = %s\n' "$KEY"
          printf ' iid = %s\n accept-more-specifics = true\n}\n' "$iid"
        done
      } >"$work/ms.conf"
      start_oor ms
      ;;
  esac
  for _ in {1..300}; do
    if ms_ready; then return; fi
    [[ -d /proc/${running[ms]} ]] || die "the Map-Server ended at once"
    sleep 0.1
  done
  die "the Map-Server is not ready after 30 s"
}

# Ours says so itself: it listens before it has read its log, and answers only then.
ms_ready() {
  case $MS in
    lispctl)
      on ms bash -c 'exec 3<>/dev/tcp/127.0.0.1/24080 && printf "GET /readyz HTTP/1.0\r\n\r\n" >&3 &&
        head -1 <&3 | grep -q " 200 "' 2>/dev/null
      ;;
    oor) [[ -n "$(on ms ss -Hlun 'sport = :4342')" ]] ;;
  esac
}

start_oor() { # NODE: with NODE.conf
  # Every OOR binds the same socket file below /tmp, so each gets a /tmp and /run of its own.
  start "$1" ip netns exec "$net-$1" unshare -m bash -c '
    set -e
    conf=$(<"$1")
    mount -t tmpfs oor /tmp
    mount -t tmpfs oor /run
    cd /tmp
    printf "%s\n" "$conf" >oor.conf
    exec stdbuf -oL oor -f oor.conf' bash "$work/$1.conf"
}

xtr_conf() { # NODE KEY ENCAPSULATION PROXY-REPLY, then IID EID-PREFIX WEIGHT for each mapping
  local node=$1
  {
    printf 'debug = 0\nmap-request-retries = 2\noperating-mode = xTR\nencapsulation = %s\n' "$3"
    printf 'rloc-probing {\n rloc-probe-interval = 30\n rloc-probe-retries = 2\n rloc-probe-retries-interval = 5\n}\n'
    printf 'map-resolver = {\n %s\n}\n' "$SERVER"
    printf 'map-server {\n address = %s\n key-type = 1\n key = %s\n proxy-reply = %s\n}\n' "$SERVER" "$2" "$4"
    shift 4
    while (($#)); do
      printf 'database-mapping {\n eid-prefix = %s\n iid = %s\n' "$2" "$1"
      printf ' rloc-iface {\n  interface = eth0\n  ip_version = 4\n  priority = 1\n  weight = %s\n }\n}\n' "$3"
      shift 3
    done
  } >"$work/$node.conf"
}

# ---------------------------------------------------------------- reading captures

captured() { # CAPTURE BPF-FILTER: how many so far; cheap enough to poll
  tcpdump -Z root -n --count -r "$work/$1.pcap" "$2" 2>/dev/null | cut -d" " -f1
}

# CAPTURE: a table of the control messages: time, source, destination, type, nonce, [IID]EID-prefix, weight, octets.
# For an ECM the addresses are the outer ones and the nonce is the inner message's.
tabulate() {
  tshark -n -r "$work/$1.pcap" -d udp.port==4342,lisp -Y 'lisp && !icmp' -T fields -E separator=/t -E occurrence=f \
    -e frame.time_epoch -e ip.src -e ip.dst -e lisp.type -e lisp.nonce \
    -e lisp.lcaf.iid -e lisp.mapping.eid.ipv4 -e lisp.lcaf.iid.ipv4 -e lisp.loc.weight -e udp.payload 2>>"$work/tshark.log" \
    | awk -F'\t' -v OFS='\t' '{ print $1, $2, $3, $4, $5, ($6 == "" ? "" : "[" $6 "]") $7 $8, $9, $10 }' >"$work/$1.tsv"
}

messages() { # CAPTURE TYPE SOURCE DESTINATION: the lines of the table; - for any
  awk -F'\t' -v type="$2" -v from="$3" -v to="$4" \
    '$4 == type && (from == "-" || $2 == from) && (to == "-" || $3 == to)' "$work/$1.tsv"
}

count() { messages "$@" | wc -l; }

MAP_REPLY=2 MAP_REGISTER=3 MAP_NOTIFY=4 ECM=8

# ---------------------------------------------------------------- what must hold

skip() { printf '  - %s\n' "$1"; }

# RLOC EID-ADDRESS: one Map-Register, one Map-Notify with its nonce and EID-prefix. An xTR that finds fault with the Map-Notify
# registers again after 2 s and then every 3 s; the capture is longer than that.
registered_once() {
  local asked told
  asked=$(messages "$capture" $MAP_REGISTER "$1" $SERVER | cut -f5,6)
  told=$(messages "$capture" $MAP_NOTIFY $SERVER "$1" | cut -f5,6)
  [[ -n $asked && $(wc -l <<<"$asked") == 1 && $asked == "$told" && ${asked#*$'\t'} == "$2" ]]
}

last_three_arrived() { # PING-LOG, of eight
  local n
  for n in 6 7 8; do grep -q "icmp_seq=$n .*time=" "$work/$1.log" || return 1; done
}

# ITR: every Map-Request of this xTR got a Map-Reply from the Map-Server, with the weight of this variant, and no
# Map-Request was passed on.
answered_by_server() {
  local nonces
  nonces=$(messages "$capture" $ECM "$1" $SERVER | cut -f5 | sort)
  [[ -n $nonces && $nonces == "$(messages "$capture" $MAP_REPLY $SERVER "$1" | awk -F'\t' -v w="$weight" '$7 == w' \
    | cut -f5 | sort)" && $(count "$capture" $ECM $SERVER -) == 0 ]]
}

# ITR ETR: every Map-Request of the ITR went on to the ETR, the inner packet untouched (RFC 9301 §8.3); the
# Map-Server itself replied to nobody. The first 4 octets are the ECM's own header.
forwarded_to_etr() {
  local inner
  inner=$(messages "$capture" $ECM "$1" $SERVER | cut -f8 | cut -c9- | sort)
  [[ -n $inner && $(count "$capture" $MAP_REPLY $SERVER -) == 0 ]] || return 1
  local passed
  passed=$(messages "$capture" $ECM $SERVER "$2" | cut -f8 | cut -c9- | sort)
  [[ -z "$(comm -23 <(echo "$inner") <(echo "$passed"))" ]]
}

tunnelled() { # both directions crossed the core in the encapsulation and with the instance that were asked for
  local port header n
  case $encapsulation in
    LISP) port=4341 header=$( ((iid)) && echo 0x08000000 || echo 0x00000000) ;;
    VXLAN-GPE) port=4790 header=0x0c000001 ;;
  esac
  for n in 1 2; do
    (("$(captured "$transit" "src host 10.10.$n.2 and udp dst port $port and udp[8:4] = $header \
      and udp[12:4] & 0xffffff00 = $((iid << 8))")" >= 3)) || return 1
  done
}

contains_mapping() { # JSON-FILE EID-PREFIX RLOC WEIGHT
  jq -e --arg eid "$2" --arg rloc "$3" --arg weight "$4" '
    [.. | scalars | tostring]
    | any(. == $eid or endswith("]" + $eid)) and any(. == $rloc) and any(. == $weight)' "$1" >/dev/null
}

mentions() { # JSON-FILE TEXT…: a well-formed answer that holds one of the texts
  local file=$1 text
  shift
  for text in "$@"; do
    jq -e --arg text "$text" '[.. | strings] | any(contains($text))' "$file" >/dev/null && return
  done
  return 1
}

silent_about() { # JSON-FILE TEXT…: a well-formed answer that holds none of the texts
  jq -e . "$1" >/dev/null && ! mentions "$@"
}

ask() { # NODE NAME ARGUMENT…: lispctl's JSON, in NAME.json
  local status=0
  on "$1" timeout 10 ./lispctl "${@:3}" -o json >"$work/$2.json" 2>>"$work/lispctl.log" || status=$?
  ((status == 0 || status == 3)) || echo "lispctl ${*:3}: exit $status" >>"$work/lispctl.log"
}

# ---------------------------------------------------------------- one variant

variant() { # ENCAPSULATION IID PROXY-REPLY WEIGHT: a new weight shows that an answer is not the previous variant's
  local encapsulation=$1 iid=$2 proxy=$3 weight=$4
  local capture=variant$4 transit=transit$4 instance='' n since
  ((iid == 0)) || instance="[$iid]" # instance 0 goes without an LCAF
  printf '%s, instance %s, proxy-reply %s\n' "$encapsulation" "$iid" "$proxy"
  capture "$capture" ms eth0 'host 10.10.1.2 or host 10.10.2.2'
  capture "$transit" core c-x1 'udp port 4341 or udp port 4790'
  for n in 1 2; do
    xtr_conf "xtr$n" $KEY "$encapsulation" "$proxy" "$iid" "172.16.$n.0/24" "$weight"
    start_oor "xtr$n"
  done
  for _ in {1..60}; do
    if (("$(captured "$capture" "src host $SERVER and udp[8] & 0xf0 = 0x40 and dst host 10.10.1.2")" > 0)) \
      && (("$(captured "$capture" "src host $SERVER and udp[8] & 0xf0 = 0x40 and dst host 10.10.2.2")" > 0)); then
      break
    fi
    sleep 0.2
  done
  since=$SECONDS
  start "ping1-$weight" ip netns exec "$net-h1" ping -n -c 8 -i 0.5 -W 2 172.16.2.10
  start "ping2-$weight" ip netns exec "$net-h2" ping -n -c 8 -i 0.5 -W 2 172.16.1.10
  if [[ $MS == lispctl ]]; then
    ask ms "mappings$weight" show mappings --endpoints 127.0.0.1:24443
    ask core "query$weight" query 172.16.1.10 -i "$iid" -m $SERVER
  fi
  wait "${running[ping1-$weight]}" "${running[ping2-$weight]}" || true
  while ((SECONDS - since < 5)); do sleep 0.2; done # at least 4 s: longer than the first retransmission takes
  stop xtr1 xtr2 "$capture" "$transit" "ping1-$weight" "ping2-$weight"
  tabulate "$capture"

  for n in 1 2; do
    check "xtr$n registered once and was content with the Map-Notify" \
      registered_once "10.10.$n.2" "${instance}172.16.$n.0"
  done
  check "h1 reaches h2" last_three_arrived "ping1-$weight"
  check "h2 reaches h1" last_three_arrived "ping2-$weight"
  check "the traffic was $encapsulation with instance $iid" tunnelled
  if [[ $proxy == on ]]; then
    check "the Map-Server answered xtr1's Map-Requests itself" answered_by_server 10.10.1.2
    check "the Map-Server answered xtr2's Map-Requests itself" answered_by_server 10.10.2.2
  else
    check "xtr1's Map-Requests went on to xtr2, untouched" forwarded_to_etr 10.10.1.2 10.10.2.2
    check "xtr2's Map-Requests went on to xtr1, untouched" forwarded_to_etr 10.10.2.2 10.10.1.2
  fi
  if [[ $MS == lispctl ]]; then
    for n in 1 2; do
      check "lispctl show mappings has xtr$n's registration" \
        contains_mapping "$work/mappings$weight.json" "172.16.$n.0/24" "10.10.$n.2" "$weight"
    done
    check "lispctl query 172.16.1.10 -i $iid has it, asked from elsewhere" \
      contains_mapping "$work/query$weight.json" 172.16.1.0/24 10.10.1.2 "$weight"
  else
    skip "lispctl show and query: not with $MS as the Map-Server"
  fi
}

# ---------------------------------------------------------------- the whole run

# xtr3 stays for the whole run: it refreshes every 60 s when its Map-Notifies are right, every 3 s when they are not.
refreshed_every_minute() {
  local asked
  asked=$(messages all $MAP_REGISTER 10.10.3.2 $SERVER | awk -F'\t' '$6 == "172.16.3.0"')
  (($(wc -l <<<"$asked") >= 2)) || return 1
  awk -F'\t' 'NR > 1 && ($1 - last < 55 || $1 - last > 65) { bad = 1 } { last = $1 } END { exit bad }' <<<"$asked"
  [[ "$(cut -f5 <<<"$asked" | sort)" == "$(messages all $MAP_NOTIFY $SERVER 10.10.3.2 | cut -f5 | sort)" ]]
}

# RLOC EID-ADDRESS: it went on asking, and the Map-Server had nothing to say to it.
refused() {
  (($(messages all $MAP_REGISTER "$1" $SERVER | awk -F'\t' -v eid="$2" '$6 == eid' | wc -l) >= 5)) \
    && (($(messages all $MAP_NOTIFY $SERVER "$1" | awk -F'\t' -v eid="$2" '$6 == eid' | wc -l) == 0))
}

# What tshark 4.0 finds wrong in correct messages: 'DISPLAY-FILTER  reason'. Empty, because nothing that OOR makes a
# Map-Server say is among its limits; the known ones are messages that OOR never asks for (Map-Notify-Ack, the I and N
# bits of a Map-Request, an ITR-RLOC with AFI 0).
allowed=()

# Every packet that the Map-Server sent on UDP 4342 is a LISP message, with right checksums, and tshark finds no
# fault with it: nothing malformed, no expert information from "warning" up, nothing left undissected.
decoded_without_fault() {
  local known='lisp.type in {1, 2, 3, 4, 8}' excused='' reason faults
  for reason in "${allowed[@]}"; do excused+=" && !(${reason%%  *})"; done
  faults=$(tshark -n -r "$work/all.pcap" -d udp.port==4342,lisp -o ip.check_checksum:TRUE -o udp.check_checksum:TRUE \
    -Y "ip.src == $SERVER && udp && !icmp && (!($known) || _ws.malformed || _ws.expert.severity >= 0x600000 || lisp.undecoded || data)$excused" \
    -T fields -e frame.number -e lisp.type -e _ws.expert.message -e udp.payload 2>>"$work/tshark.log") || return 1
  [[ -z $faults ]] && return
  printf '    %s\n' "$faults" | head -20
  return 1
}

build
capture all ms eth0 "host $SERVER"
start_ms
printf 'Map-Server: %s, ready after %s s\n' "$MS" "$SECONDS"
xtr_conf xtr3 $KEY LISP on 0 172.16.3.0/24 100 0 192.168.3.0/24 100
xtr_conf xtr4 wrong$KEY LISP on 0 172.16.4.0/24 100 0 172.16.3.0/24 100
start_oor xtr3
start_oor xtr4

weight=10
for encapsulation in LISP VXLAN-GPE; do
  for iid in 0 100; do
    for proxy in on off; do
      weight=$((weight + 1))
      variant $encapsulation $iid $proxy $weight
    done
  done
done

echo "The whole run"
# The EID of a Map-Register with 20 octets of authentication is 56 octets behind the start of the UDP header.
while (("$(captured all 'src host 10.10.3.2 and udp[8] & 0xf0 = 0x30 and udp[56:4] = 0xac100300')" < 2)) \
  && ((SECONDS < 140)); do
  sleep 1 # until xtr3 has refreshed once
done
[[ $MS == oor ]] || ask ms mappings-end show mappings --endpoints 127.0.0.1:24443
check "the Map-Server is still running" test -d "/proc/${running[ms]}"
stop xtr3 xtr4 ms all
tabulate all
check "xtr3 refreshed its registration once a minute" refreshed_every_minute
check "an EID-prefix outside the site was refused, in silence" refused 10.10.3.2 192.168.3.0
check "a wrong key was refused, in silence" refused 10.10.4.2 172.16.4.0
check "a wrong key for another xTR's EID-prefix was refused, in silence" refused 10.10.4.2 172.16.3.0
if [[ $MS == lispctl ]]; then
  check "lispctl show mappings knows xtr3" contains_mapping "$work/mappings-end.json" 172.16.3.0/24 10.10.3.2 100
  check "lispctl show mappings knows nothing that was refused" \
    silent_about "$work/mappings-end.json" 192.168.3.0 172.16.4.0 10.10.4.2
fi
sent=$(awk -F'\t' -v server=$SERVER '$2 == server' "$work/all.tsv" | wc -l)
check "tshark decodes the $sent messages that the Map-Server sent, without a fault" decoded_without_fault

conclude
