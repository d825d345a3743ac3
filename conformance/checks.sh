# For the scripts that source it, from the project's root: what was looked at, and how all of it went.

failures=0

check() { # SENTENCE COMMAND…
  if "${@:2}"; then
    printf '  ✓ %s\n' "$1"
  else
    printf '  ✗ %s\n' "$1"
    failures=$((failures + 1))
  fi
}

conclude() { # last of all
  if ((failures)); then
    printf '%s checks failed, after %s s\n' "$failures" "$SECONDS"
    exit 1
  fi
  printf 'All checks held, in %s s\n' "$SECONDS"
}
