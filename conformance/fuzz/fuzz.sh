#!/usr/bin/env bash
# Searches the decoders for octets that break them, with Jazzer (coverage-guided): each target in turn, for as long as asked.
#
#   conformance/fuzz/fuzz.sh [TARGET…] [--seconds N]     all targets, 60 seconds each, unless told otherwise
#   conformance/fuzz/fuzz.sh --list                      the targets
#
# A search begins from the tests' vectors and corpus, and goes on where the last one ended: what it has learnt is in
# conformance/target/fuzz/TARGET. Octets that break a target become a file of conformance/src/test/resources/fuzz/TARGET,
# which every build tries from then on (FuzzSeedsTest): say in it what it is, mend the decoder, and commit both.
# Exit codes: 0 nothing found, 1 something found, 2 usage.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root"
. .mvn/find-jdk.sh
java=$(find_jdk)/bin/java
jazzer=0.30.0
main=io.lispfabric.conformance.fuzz.FuzzMain
work=$root/conformance/target/fuzz

seconds=60 list=
targets=()
while (($#)); do
  case $1 in
    --seconds)
      seconds=${2:-}
      shift
      ;;
    --list) list=1 ;;
    -h | --help)
      sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"
      exit
      ;;
    -*)
      echo "fuzz: no such option: $1" >&2
      exit 2
      ;;
    *) targets+=("$1") ;;
  esac
  shift
done
[[ $seconds =~ ^[1-9][0-9]*$ ]] || { echo "fuzz: --seconds wants a number" >&2; exit 2; }

mkdir -p "$work"
echo "fuzz: building, which takes some minutes the first time (log: $work/build.log)" >&2
# One call, so that the class path is that of this checkout's classes.
if ! ./mvnw -q -B -ntp -pl conformance -am test-compile \
  org.apache.maven.plugins:maven-dependency-plugin:3.11.0:build-classpath -Dmdep.outputFile=target/fuzz-class-path \
  -Dspotless.check.skip=true >"$work/build.log" 2>&1 \
  || ! ./mvnw -q -B -ntp -N org.apache.maven.plugins:maven-dependency-plugin:3.11.0:copy \
    -Dartifact=com.code-intelligence:jazzer:$jazzer -DoutputDirectory="$work/lib" >>"$work/build.log" 2>&1 \
  || ! ./mvnw -q -B -ntp -N org.apache.maven.plugins:maven-dependency-plugin:3.11.0:copy \
    -Dartifact=com.code-intelligence:jazzer-api:$jazzer -DoutputDirectory="$work/lib" >>"$work/build.log" 2>&1; then
  tail -n 40 "$work/build.log" >&2
  echo "fuzz: the build failed; the whole log is $work/build.log" >&2
  exit 1
fi
classes=$root/conformance/target/test-classes:$root/conformance/target/classes:$(<conformance/target/fuzz-class-path)
# What is not ours is not searched, so it need not be instrumented; no part of Jazzer is on the tests' class path.
options=(--enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow -Xmx1g)

mapfile -t known < <("$java" -cp "$classes" $main)
if [[ $list ]]; then
  printf '%s\n' "${known[@]}"
  exit
fi
((${#targets[@]})) || targets=("${known[@]}")
for target in "${targets[@]}"; do
  [[ " ${known[*]} " == *" $target "* ]] || { echo "fuzz: no such target: $target (there are: ${known[*]})" >&2; exit 2; }
done

found=0
for target in "${targets[@]}"; do
  folder=$work/$target
  mkdir -p "$folder/corpus" "$folder/found"
  "$java" -cp "$classes" $main "$target" "$folder/seeds"
  # Jazzer writes into the folder that it is started in.
  status=0
  (cd "$folder" && "$java" "${options[@]}" -Dfuzz.target="$target" -cp "$work/lib/jazzer-$jazzer.jar:$work/lib/jazzer-api-$jazzer.jar:$classes" \
    com.code_intelligence.jazzer.Jazzer --target_class=$main --instrumentation_includes='io.lispfabric.**' \
    --custom_hook_includes='io.lispfabric.**' --reproducer_path="$folder" \
    -max_total_time="$seconds" -timeout=25 -rss_limit_mb=3072 -max_len=4096 -print_final_stats=1 \
    -artifact_prefix="$folder/found/" corpus seeds) >"$folder/log" 2>&1 </dev/null || status=$?
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$folder/log" | tail -n 1)
  coverage=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$folder/log" | tail -n 1)
  if ((status == 0)); then
    echo "$target: nothing found; ${runs:-?} runs, coverage ${coverage:-?}"
    continue
  fi
  found=1
  kept=
  for crash in "$folder"/found/*; do
    [[ -f $crash ]] || continue
    resources=conformance/src/test/resources/fuzz/$target
    mkdir -p "$resources"
    kept=$resources/$(sha256sum <"$crash" | cut -c 1-12).hex
    { echo "# Found by fuzz.sh. What it is:"; od -An -v -tx1 "$crash" | tr -d ' '; } >"$kept"
    rm "$crash"
    echo "$target: FOUND $kept"
  done
  # No file when the failure is not one of octets: Jazzer or the machine.
  [[ $kept ]] || echo "$target: FAILED with status $status"
  grep -m 1 -A 8 '^== Java Exception' "$folder/log" || tail -n 5 "$folder/log"
  echo "$target: log: $folder/log"
done
exit $found
