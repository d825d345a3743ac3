#!/usr/bin/env bash
# A disk that fills up takes nothing away. A real member on a small disk of its own answers what it was asked, refuses what
# would have to be stored, and takes it again by itself once there is room; and that holds when the reserve is used up by
# somebody else and the log meets the very end of the disk. Says what holds, one line a check, and exits 0 only when all of
# it held. The disk is a tmpfs in a mount namespace of its own, so nothing else sees it: that takes root, or a kernel that
# lets users have namespaces.
#
#   conformance/durability/full-disk.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. conformance/checks.sh

die() {
  echo "full-disk.sh: $*" >&2
  exit 2
}

if [[ -z "${FULL_DISK_INSIDE:-}" ]]; then
  ./lispctl version >/dev/null || die "./lispctl does not build or run"
  FULL_DISK_INSIDE=1 exec timeout --foreground --kill-after=30 "${LIMIT:-180}" \
    unshare --map-root-user --mount conformance/durability/full-disk.sh "$@"
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/full-disk.XXXXXX")
mkdir "$work/disk"
mount -t tmpfs -o size=160m tmpfs "$work/disk" || die "cannot mount a tmpfs: run this as root"
member=''
net=127.$((100 + BASHPID / 250 % 100)).$((BASHPID % 250 + 1)).1
LISP=47342 HTTP=47080

cleanup() {
  local status=$?
  trap - EXIT
  [[ -z $member ]] || kill -9 "$member" 2>/dev/null || true
  wait 2>/dev/null || true
  if ((status != 0)) && [[ -s $work/ms.log ]]; then tail -n 40 "$work/ms.log"; fi
  umount "$work/disk" && rm -rf "$work"
  exit "$status"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

(umask 077 && echo full-disk-secret-of-32-octets-long >"$work/site.key")
cat >"$work/ms.yaml" <<YAML
member: ms-0
data: disk/ms-0
disk-reserve: 64MiB
lisp: { listen: "$net:$LISP", reply-to: source-port }
admin: { listen: "$net:47443" }
http: { listen: "$net:$HTTP" }
registration-timeout: 10m
sites:
  - name: full
    site-id: 4
    keys: [ { id: 1, secret-file: site.key } ]
    prefixes: [ { iid: 1, prefix: 10.0.0.0/8, accelerators: true } ]
YAML

get() { # PATH
  { exec 4<>"/dev/tcp/$net/$HTTP" && printf 'GET %s HTTP/1.0\r\n\r\n' "$1" >&4 && timeout 2 cat <&4; } 2>/dev/null || true
}

register() { # EID
  ./lispctl register "$1" -i 1 --rloc 192.0.2.1 --key-id 1 --key-file "$work/site.key" --site-id 4 -m "$net:$LISP" \
    >>"$work/client.log" 2>&1
}

answers() { # EID
  ./lispctl query "$1" -i 1 -m "$net:$LISP" 2>>"$work/client.log" | grep -q 192.0.2.1
}

readyz() { get /readyz | grep -q -- "$1"; } # TEXT

soon() { # COMMAND…
  local deadline=$((SECONDS + 30))
  until "$@"; do
    ((SECONDS < deadline)) || return 1
    sleep 0.2
  done
}

not() { ! "$@"; }

fill() { head -c "$1" /dev/zero >"$work/disk/ballast" 2>/dev/null || true; } # OCTETS

JAVA_TOOL_OPTIONS='-XX:TieredStopAtLevel=1 -XX:+UseSerialGC' setsid ./lispctl serve -c "$work/ms.yaml" >"$work/ms.log" 2>&1 </dev/null &
member=$!
soon readyz '^ok' || die "the member does not get ready"
check "with room a registration is acknowledged" register 10.1.0.1

fill 110M
check "/readyz says that nothing is registered, and why" soon readyz 'less than the reserve of 64 MiB'
check "a registration is not acknowledged" not register 10.1.0.2
check "what was registered is answered" answers 10.1.0.1
check "the refusal is counted" eval 'get /metrics | grep -q "lisp_dropped_total{reason=\"disk_full\",} [1-9]"'
rm "$work/disk/ballast"
check "with room again a registration is acknowledged" soon register 10.1.0.3

fill 200M
check "a disk filled to its last octet: what was registered is answered" answers 10.1.0.3
check "and /livez does not ask for a restart" eval 'get /livez | grep -q "^ok"'
check "nothing is acknowledged" not register 10.1.0.4
rm "$work/disk/ballast"
check "with room again a registration is acknowledged" soon register 10.1.0.5
check "and everything that was acknowledged is answered" eval 'answers 10.1.0.1 && answers 10.1.0.3 && answers 10.1.0.5'

conclude
