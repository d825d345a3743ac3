#!/usr/bin/env bash
# How long a member takes, once killed, until it answers for all that was registered: one server of this project, kill -9,
# and again, so that it starts from its log as well as from its snapshot.
#
#   conformance/bench/restart.sh             as root; some minutes
#   EIDS=10000 STARTS=5 conformance/bench/restart.sh
#   DATA=/somewhere …                        the data on that file system
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.."

. conformance/bench/lab.sh

EIDS=${EIDS:-1000000} # up to 1,048,576, with two RLOCs each
STARTS=${STARTS:-3}
PORT=14342 HTTP=18080

open_lab "${DATA:-${TMPDIR:-/tmp}}"

cat >"$work/ms.yaml" <<END
member: ms
data: $work/ms
lisp: { listen: "$ADDRESS:$PORT", replies-per-second: 1000000 }
admin: { listen: "off" }
http: { listen: "127.0.0.1:$HTTP" }
sites:
  - name: bench
    keys: [{ id: 1, secret-file: $work/key }]
    prefixes: [{ prefix: 172.16.0.0/12, accept-more-specifics: true }]
END

# The numbers of one process, as it is now.
probe=$(
  cat <<'END'
exec 3<>/dev/tcp/127.0.0.1/$1 || exit
printf 'GET %s HTTP/1.0\r\n\r\n' "$2" >&3
cat <&3
END
)
http() { # PATH
  ip netns exec "$net" timeout 10 bash -c "$probe" probe $HTTP "$1" 2>/dev/null
}
ready() { [[ "$(http /readyz | head -1)" == *' 200 '* ]]; }
metric() { http /metrics | tr -d '\r' | awk -v name="$1" '$1 == name { print $2 }'; }
micros() { echo $((${EPOCHREALTIME/./})); }
cpu() { # PID of the group's leader: seconds of its processes
  ps -o cputimes= -g "$1" | awk '{ sum += $1 } END { print sum }'
}

serve() { # NUMBER: until it is ready
  local begun
  begun=$(micros)
  start "ms-$1" $lispctl serve --config "$work/ms.yaml"
  until ready; do
    kill -0 "${running[ms-$1]}" 2>/dev/null || { tail -5 "$work/ms-$1.log" >&2; die "it does not start"; }
    (($(micros) - begun < 600000000)) || die "not ready after ten minutes"
    sleep 0.05
  done
  took=$((($(micros) - begun) / 1000))
}

serve 0
empty=$took
echo "registering $EIDS EIDs" >&2
in_lab "$net" $lispctl bench resolve "ms=lisp:$ADDRESS:$PORT:${running[ms-0]}:$EIDS" --key-file "$work/key" \
  --rates 1000 --rounds 1 --seconds 1 --warm-up 0 >"$work/resolve.log"
registered=$(metric lisp_mappings)
applied=$(metric lisp_log_applied_index)
((${registered%.*} == EIDS)) || die "of $EIDS EIDs $registered are registered"

printf '%-24s %12s %12s %10s %10s\n' start 'ready ms' 'processor s' mappings 'disk MB'
printf '%-24s %12s\n' 'of nothing' "$empty"
for ((i = 1; i <= STARTS; i++)); do
  kill -KILL -- "-${running[ms-$((i - 1))]}"
  wait "${running[ms-$((i - 1))]}" 2>/dev/null || true
  unset "running[ms-$((i - 1))]"
  disk=$(du -sm "$work/ms" | cut -f1)
  serve $i
  printf '%-24s %12s %12s %10.0f %10s\n' "after kill -9, $i" "$took" "$(cpu "${running[ms-$i]}")" \
    "$(metric lisp_mappings)" "$disk"
  [[ "$(metric lisp_mappings)" == "$registered" ]] || die "of $registered mappings $(metric lisp_mappings) are left"
  # The first and the last of them.
  for number in 0 $((EIDS - 1)); do
    eid=172.$((16 + number / 65536)).$((number / 256 % 256)).$((number % 256))
    ip netns exec "$net" $lispctl query -m "$ADDRESS:$PORT" "$eid" >"$work/query.log" \
      || { cat "$work/query.log" >&2; die "$eid is not answered"; }
  done
done
printf 'log entries: %.0f\n' "$applied"
