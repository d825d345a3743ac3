#!/usr/bin/env bash
# What was acknowledged outlives kill -9. Three members on loopback, all killed right after an acknowledged registration,
# answer correctly after a restart, and still know which nonces are used up; when only the leader is killed, whoever
# registers meanwhile loses nothing that was acknowledged. Says what holds, one line a check, and exits 0 only when all
# of it held.
#
#   conformance/durability/kill9.sh
#   KEEP=1 …                           keep logs and data even when everything held
#   LIMIT=300 …                        seconds that it may take, on a machine that is very busy with other things
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. conformance/checks.sh

LIMIT=${LIMIT:-180} # a run in which everything holds uses two minutes of CPU time, most of it to start members

die() {
  echo "kill9.sh: $*" >&2
  exit 2
}

for tool in jq openssl od timeout setsid; do
  command -v "$tool" >/dev/null || die "$tool is not installed; .ci/packages installs what is needed"
done
[[ -x lispctl ]] || die "no ./lispctl in this checkout"

if [[ -z "${KILL9_BOUNDED:-}" ]]; then
  ./lispctl version >/dev/null || die "./lispctl does not build or run" # a build is no part of the run
  # The signal goes to the run below, whose trap then cleans up.
  KILL9_BOUNDED=1 exec timeout --foreground --kill-after=30 "$LIMIT" conformance/durability/kill9.sh "$@"
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/kill9.XXXXXX")

# ---------------------------------------------------------------- the members

# Addresses that only this run has, so that ports may be the same for all members, and for several runs at once.
net=127.$((100 + BASHPID / 250 % 100)).$((BASHPID % 250 + 1))
LISP=47342 RAFT=47500 HTTP=47080 ADMIN=47443
members=(0 1 2)
addresses=("$net.1" "$net.2" "$net.3")
pids=()
registering='' # the pid of whoever registers in the background

cleanup() {
  local status=$? log
  trap - EXIT INT TERM
  set +e
  [[ -z $registering ]] || kill -9 -- "$registering" 2>/dev/null
  ((${#pids[@]} == 0)) || kill -9 -- "${pids[@]}" 2>/dev/null
  wait 2>/dev/null
  if ((status != 0)); then
    for log in "$work"/*.log; do
      [[ -s $log ]] && printf '\n--- %s, last 40 lines\n' "${log##*/}" && tail -n 40 "$log"
    done
    printf '\nlogs and data: %s\n' "$work"
  elif [[ -n "${KEEP:-}" ]]; then
    printf 'logs and data: %s\n' "$work"
  else
    rm -rf "$work"
  fi
  exit "$status"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'echo "kill9.sh: stopped, or ran longer than $LIMIT s" >&2; exit 124' TERM

KEY=durable-secret-of-32-octets-long # as long as algorithm 2 wants it

configure() { # MEMBER
  cat >"$work/ms-$1.yaml" <<YAML
member: ms-$1
data: ms-$1
cluster:
  name: kill9
  peers:
    - { id: ms-0, address: "${addresses[0]}:$RAFT" }
    - { id: ms-1, address: "${addresses[1]}:$RAFT" }
    - { id: ms-2, address: "${addresses[2]}:$RAFT" }
lisp: { listen: "${addresses[$1]}:$LISP", reply-to: source-port, replies-per-second: 10000 }
admin: { listen: "${addresses[$1]}:$ADMIN" }
http: { listen: "${addresses[$1]}:$HTTP" }
registration-timeout: 10m # nothing expires during the run
sites:
  - name: kill9
    site-id: 4
    keys:
      - { id: 1, algorithms: [2, 3], secret-file: site.key }
    prefixes:
      - { iid: 1, prefix: 10.0.0.0/8, accelerators: true }
YAML
}

start() { # MEMBER…
  local n
  for n in "$@"; do
    # A process group of its own: Ctrl-C is for the script, which then ends the members. They live for seconds only, so
    # compiling them well would take more time than it saves.
    JAVA_TOOL_OPTIONS='-XX:TieredStopAtLevel=1 -XX:+UseSerialGC' setsid ./lispctl serve -c "$work/ms-$n.yaml" >>"$work/ms-$n.log" 2>&1 </dev/null &
    pids[n]=$!
  done
}

gone() { # MEMBER…: forgets members that were killed
  local n
  for n in "$@"; do
    wait "${pids[$n]}" 2>/dev/null || true
    unset "pids[$n]"
  done
}

get() { # MEMBER PATH: the whole HTTP answer
  {
    exec 4<>"/dev/tcp/${addresses[$1]}/$HTTP" && printf 'GET %s HTTP/1.0\r\n\r\n' "$2" >&4 && timeout 2 cat <&4
  } 2>/dev/null
}

metric() { # MEMBER NAME-AND-LABELS: 0 when it is not there yet
  { get "$1" /metrics || true; } | awk -v name="$2" '$1 == name { value = $2 } END { printf "%d\n", value }'
}

await_ready() { # MEMBER…: each says so itself
  local n deadline=$((SECONDS + LIMIT / 3))
  for n in "$@"; do
    until [[ "$(get "$n" /readyz | head -1)" == *" 200 "* ]]; do
      [[ -d /proc/${pids[$n]} ]] || die "ms-$n ended instead of getting ready"
      ((SECONDS < deadline)) || die "ms-$n is not ready after $((LIMIT / 3)) s"
      sleep 0.1
    done
  done
}

# ---------------------------------------------------------------- a client whose octets we know

# Registers like an xTR of its own, with nonces of our choice, so that the same octets can be sent again later.
# The layout is RFC 9301 §5.6: P, I and M; one record with one locator; the xTR-ID and the Site-ID at the end.
hex_address() { # IPV4-ADDRESS
  local -a octet
  IFS=. read -ra octet <<<"$1"
  printf '%02x%02x%02x%02x' "${octet[@]}"
}

octets() { printf '%b' "$(sed 's/../\\x&/g' <<<"$1")"; } # HEX

hex() { od -An -v -tx1 | tr -d ' \n'; }

map_register() { # FILE NONCE EID RLOC
  local nonce rest mac
  nonce=$(printf '%016x' "$2")
  rest=000005a0012000000000                                        # TTL 1440, one locator, /32
  rest+=400300000200000a000000010001$(hex_address "$3")            # ⟨IID 1, EID⟩ as an LCAF of type 2
  rest+=0164ff0000050001$(hex_address "$4")                        # priority 1, weight 100, L and R
  rest+=6b696c6c390000000000000000000001$(printf '%016x' 4)        # xTR-ID, Site-ID
  mac=$(octets "3a000101${nonce}01020010$(printf '%032d' 0)$rest" \
    | openssl dgst -sha256 -mac HMAC -macopt key:$KEY -binary | hex)
  octets "3a000101${nonce}01020010${mac:0:32}$rest" >"$1"
}

exchange() { # FILE MEMBER SECONDS: sends the octets, prints as hex what comes back in that time
  {
    exec 3<>"/dev/udp/${addresses[$2]}/$LISP"
    cat "$1" >&3 # one write, one datagram
    timeout "$3" dd bs=2048 count=1 <&3 | hex
    exec 3>&-
  } 2>/dev/null || true
}

acknowledged() { # FILE MEMBER SECONDS: a Map-Notify with the nonce of the octets came back
  local sent answer
  sent=$(hex <"$1")
  answer=$(exchange "$@")
  [[ ${answer:0:1} == 4 && ${answer:8:16} == "${sent:8:16}" ]]
}

# MEMBER EID RLOC: a Map-Request (RFC 9301 §5.2) is answered by a Map-Reply with this locator and no other.
located() {
  local answer nonce file=$work/request.$1
  nonce=$(printf '%08x%08x' $SRANDOM $SRANDOM)
  # The ITR-RLOC is where every packet to a loopback address comes from; one record of /32.
  octets "10000001${nonce}00000001$(hex_address 127.0.0.1)0020400300000200000a000000010001$(hex_address "$2")" >"$file"
  answer=$(exchange "$file" "$1" 1)
  [[ ${answer:0:1} == 2 && ${answer:8:16} == "$nonce" && ${answer:32:2} == 01 && ${#answer} == 104 \
    && ${answer:96:8} == "$(hex_address "$3")" ]]
}

# ---------------------------------------------------------------- what must hold

declare -A expected=() # EID → RLOC, of all that was acknowledged

told() { # MEMBER EID: `lispctl query` says what was acknowledged, and nothing else
  local rlocs
  rlocs=$(./lispctl query "$2" -i 1 -m "${addresses[$1]}:$LISP" -o json 2>>"$work/query.log" \
    | jq -r '[.answers[].records[].locators[].rloc] | join(" ")' 2>>"$work/query.log") || return 1
  [[ $rlocs == "${expected[$2]}" ]]
}

# A member answers from what it has applied, which may be a moment behind; so a wrong answer may be asked for again.
soon() { # COMMAND…: for 5 s, and on a slow machine three times at least
  local deadline=$((SECONDS + 5)) tries=0
  until "$@"; do
    ((++tries < 3 || SECONDS < deadline)) || {
      echo "still not so: $*" >>"$work/query.log"
      return 1
    }
  done
}

every_member_tells() { # EID
  local n
  local -a asking=()
  for n in "${members[@]}"; do
    soon told "$n" "$1" &
    asking+=($!)
  done
  for n in "${asking[@]}"; do wait "$n" || return 1; done
}

every_member_answers_all() {
  local n eid
  for n in "${members[@]}"; do
    for eid in "${!expected[@]}"; do soon located "$n" "$eid" "${expected[$eid]}" || return 1; done
  done
}

registered() { # MEMBER EID RLOC: by lispctl, which exits 0 only when the Map-Notify has come
  expected[$2]=$3
  ./lispctl register "$2" -i 1 --rloc "$3" --key-id 1 --key-file "$work/site.key" --site-id 4 \
    -m "${addresses[$1]}:$LISP" >>"$work/register.log" 2>&1
}

# FILE: the octets were once acknowledged; now every member counts them as a replay, and says nothing.
refused_everywhere() {
  local n before
  for n in "${members[@]}"; do
    before=$(replays "$n")
    ! acknowledged "$1" "$n" 0.5 || return 1
    soon counted "$n" $((before + 1)) || return 1
  done
}

replays() { metric "$1" 'lisp_dropped_total{reason="replayed",}'; } # MEMBER

counted() { (($(replays "$1") == $2)); } # MEMBER COUNT

# ---------------------------------------------------------------- all members are killed

# ROUND LAST: registers with lispctl and with octets of ours; LAST, `lispctl` or `octets`, comes last before the kill.
kill_all() {
  local round=$1 last=$2 base=$((1000 * $1)) n=$(($1 % 3)) now
  printf 'Round %s: kill -9 of all members, right after the Map-Notify to %s\n' "$round" "$last"
  map_register "$work/old.$round" $((base + 1)) "10.9.0.$round" "192.0.2.$((10 + round))"
  map_register "$work/new.$round" $((base + 2)) "10.9.0.$round" "192.0.2.$((20 + round))"
  map_register "$work/next.$round" $((base + 3)) "10.9.0.$round" "192.0.2.$((20 + round))"
  check "a Map-Register is acknowledged" acknowledged "$work/old.$round" "$n" 3
  expected[10.9.0.$round]=192.0.2.$((20 + round))
  if [[ $last == octets ]]; then
    check "lispctl register is acknowledged" registered "$n" "10.7.0.$round" "192.0.2.$((30 + round))"
    acknowledged "$work/new.$round" "$n" 3 && now=yes || now=no
    kill -9 -- "${pids[@]}"
    check "a Map-Register with another RLOC is acknowledged" test $now = yes
  else
    check "a Map-Register with another RLOC is acknowledged" acknowledged "$work/new.$round" "$n" 3
    registered "$n" "10.7.0.$round" "192.0.2.$((30 + round))" && now=yes || now=no
    kill -9 -- "${pids[@]}"
    check "lispctl register is acknowledged" test $now = yes
  fi
  gone "${members[@]}"
  start "${members[@]}"
  now=${EPOCHREALTIME/./}
  await_ready "${members[@]}"
  check "all members are ready again after $(((${EPOCHREALTIME/./} - now) / 1000)) ms" true
  check "lispctl query has 10.7.0.$round from every member" every_member_tells "10.7.0.$round"
  check "every member answers all ${#expected[@]} EIDs as acknowledged" every_member_answers_all
  check "the old Map-Register, sent again, is refused by every member" refused_everywhere "$work/old.$round"
  check "so is the last one" refused_everywhere "$work/new.$round"
  check "and nothing has changed by that" every_member_answers_all
  check "the next nonce is taken" acknowledged "$work/next.$round" "$n" 3
}

# ---------------------------------------------------------------- the leader is killed

leader() {
  local n
  for n in "${members[@]}"; do
    if [[ "$(metric "$n" lisp_log_leader)" == 1* ]]; then
      echo "$n"
      return
    fi
  done
  die "nobody leads"
}

# Registers one EID after the other, at whichever member acknowledges, as an xTR would that lists them all: without an
# answer within a second the next member is asked, under the next nonce.
register_many() { # COUNT FIRST-NONCE: appends to the file `acknowledged` what was
  local k n=0 nonce=$2
  for ((k = 1; k <= $1; k++)); do
    while true; do
      map_register "$work/many" "$nonce" "10.8.0.$k" "192.0.2.$((100 + k))"
      nonce=$((nonce + 1))
      n=$(((n + 1) % 3))
      if acknowledged "$work/many" "$n" 1; then
        echo "[1]10.8.0.$k/32 192.0.2.$((100 + k))" >>"$work/acknowledged"
        break
      fi
    done
  done
}

# MEMBER INDEX: its rows go as far as that entry of the log. It says that it is ready as soon as it follows a leader, and
# is then still as far behind as it was away.
caught_up() {
  local deadline=$((SECONDS + LIMIT / 6))
  until (($(metric "$1" lisp_log_applied_index) >= $2)); do
    ((SECONDS < deadline)) || return 1
    sleep 0.1
  done
}

shows_acknowledged() { # MEMBER: everything that was, with its RLOC
  ./lispctl show mappings --endpoints "${addresses[$1]}:$ADMIN" -o json 2>>"$work/query.log" \
    | jq -r '.mappings[] | "\(.eid) \([.locators[].rloc] | join(" "))"' 2>>"$work/query.log" \
    | sort >"$work/shown.$1" || return 1
  [[ -z "$(comm -13 "$work/shown.$1" <(sort "$work/acknowledged"))" ]]
}

kill_leader() {
  local led before n since index=0 applied count=40
  led=$(leader)
  printf 'kill -9 of the leader, ms-%s, while %s EIDs are registered\n' "$led" "$count"
  : >"$work/acknowledged"
  register_many $count 1000000 2>>"$work/register.log" &
  registering=$!
  until (($(wc -l <"$work/acknowledged") >= count / 4)); do
    [[ -d /proc/$registering ]] || die "nobody registers any more"
    sleep 0.02
  done
  kill -9 "${pids[$led]}"
  before=$(wc -l <"$work/acknowledged")
  gone "$led"
  check "all $count are acknowledged in the end, about $before of them by then" wait "$registering"
  registering=''
  check "the first ones came before the kill, others after it" test $((before > 0 && before < count)) = 1
  for n in "${members[@]}"; do
    ((n == led)) || check "ms-$n, which survived, shows all that was acknowledged" soon shows_acknowledged "$n"
  done
  for n in "${members[@]}"; do
    ((n == led)) && continue
    applied=$(metric "$n" lisp_log_applied_index)
    ((applied > index)) && index=$applied
  done
  start "$led"
  await_ready "$led"
  since=${EPOCHREALTIME/./}
  caught_up "$led" "$index" && applied=yes || applied=no
  check "ms-$led, started again, has caught up $(((${EPOCHREALTIME/./} - since) / 1000)) ms after it was ready" \
    test $applied = yes
  check "ms-$led shows all that was acknowledged" soon shows_acknowledged "$led"
  for ((n = 1; n <= count; n++)); do expected[10.8.0.$n]=192.0.2.$((100 + n)); done
  check "lispctl query has 10.8.0.$count from every member" every_member_tells "10.8.0.$count"
  check "every member answers all ${#expected[@]} EIDs as acknowledged" every_member_answers_all
}

# ---------------------------------------------------------------- the whole run

(umask 077 && echo "$KEY" >"$work/site.key")
for n in "${members[@]}"; do configure "$n"; done
start "${members[@]}"
await_ready "${members[@]}"
printf 'Three members at %s, %s and %s, ready after %s s\n' "${addresses[@]}" "$SECONDS"
kill_all 1 lispctl
kill_all 2 octets
kill_all 3 lispctl
kill_leader

conclude
