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

. conformance/bench/lab.sh

answers() { # PORT PATH: 200, within two minutes
  for _ in {1..600}; do
    [[ "$(ip netns exec "$net" bash -c "exec 4<>/dev/tcp/$ADDRESS/$1 && printf 'GET $2 HTTP/1.0\r\n\r\n' >&4 && head -1 <&4" \
      2>/dev/null)" == *" 200 "* ]] && return
    sleep 0.2
  done
  return 1
}

open_lab "${DATA:-${TMPDIR:-/tmp}}"
members=()
for i in 0 1 2; do
  cat >"$work/ms-$i.yaml" <<END
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
  start "ms-$i" $lispctl serve --config "$work/ms-$i.yaml"
  members+=("$ADDRESS:1434$i/1408$i")
done
for i in 0 1 2; do
  answers "1408$i" /readyz || { tail -5 "$work/ms-$i.log" >&2; die "ms-$i does not get ready"; }
done

options=()
if wanted etcd etcd-server; then
  cluster="e0=http://$ADDRESS:2390,e1=http://$ADDRESS:2391,e2=http://$ADDRESS:2392"
  for i in 0 1 2; do
    start "e$i" etcd --name "e$i" --data-dir "$work/e$i" --logger zap --log-level error \
      --listen-peer-urls "http://$ADDRESS:239$i" --initial-advertise-peer-urls "http://$ADDRESS:239$i" \
      --listen-client-urls "http://$ADDRESS:238$i" --advertise-client-urls "http://$ADDRESS:238$i" \
      --initial-cluster "$cluster" --initial-cluster-state new
  done
  if answers 2380 /health; then
    options+=(--etcd "$ADDRESS:2380,$ADDRESS:2381,$ADDRESS:2382")
  else
    echo "raft.sh: etcd does not start, so it is left out:" >&2
    tail -5 "$work/e0.log" >&2
  fi
fi

if start_oor; then
  options+=(--memory "$ADDRESS:4342" --memory-from "$REGISTRAR:4342")
fi

in_lab "$far" $lispctl bench raft "${members[@]}" --key-file "$work/key" --site-id 4 --disk "$work" "${options[@]}" "$@"
